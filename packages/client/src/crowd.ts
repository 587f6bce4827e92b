/*
 * What a client shows: followers see it, and in a crowd (W160) it decides what the client gets.
 */
import type { ServerFrame, ViewMessage } from './core/frames.ts'
import type { Host } from './core/host.ts'
import { throttle } from './core/throttle.ts'
import { CROWD_VIEW_EVERY_MS, FOLLOWED_MS, queryOfView } from './core/views.ts'

export function createCrowd({ send, now }: Host, isCrowd: () => boolean) {
  let view: ViewMessage | undefined
  let followedUntil = -Infinity
  const isWanted = () => isCrowd() || now() < followedUntil
  const views = throttle<ViewMessage>(
    CROWD_VIEW_EVERY_MS,
    (next) => void (isWanted() && send(next)),
    now,
  )

  function show(next = view) {
    view = next
    if (view && isWanted()) views.push(view)
  }

  return {
    show,
    query: () => queryOfView(view),

    receive({ type }: ServerFrame) {
      if (type === 'followed') followedUntil = now() + FOLLOWED_MS
      if (/followed|crowd|sync/.test(type)) show()
    },
  }
}

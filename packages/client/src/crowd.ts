/*
 * A client in a crowd (W160): what it shows, which decides what it gets, and how often it sends.
 */
import type { ServerFrame, ViewMessage } from './core/frames.ts'
import type { Host } from './core/host.ts'
import { throttle } from './core/throttle.ts'
import { CROWD_VIEW_EVERY_MS, FOLLOWED_MS } from './core/views.ts'
import type { Emitter } from './events.ts'

interface Sender {
  pace(perSecond: number): void
}

export function createCrowd({ send, now }: Host, pointer: Sender, drafts: Sender, events: Emitter) {
  let isOn = false
  let view: ViewMessage | undefined
  let followedUntil = -Infinity
  const isWanted = () => isOn || now() < followedUntil
  const views = throttle<ViewMessage>(
    CROWD_VIEW_EVERY_MS,
    (next) => void (isWanted() && send(next)),
    now,
  )

  function show(next = view) {
    view = next
    if (view && isWanted()) views.push(view)
  }

  function pace(cursors: number, typing: number) {
    pointer.pace(cursors)
    drafts.pace(typing)
  }

  function set(on: boolean): boolean {
    const changed = on !== isOn
    isOn = on
    if (on) show()
    else pace(Infinity, Infinity)
    if (changed) events.emit('crowd', { on })
    return changed
  }

  return {
    isOn: () => isOn,
    show,

    /** W162 */
    query() {
      const { position, width: w, height: h } = view ?? {}
      return { ...position, w, h }
    },

    /**
     * True: the channel became a crowd, which counts us where we point, or is small again, and everybody should see our
     * pointer and draft.
     */
    receive(frame: ServerFrame): boolean {
      if (frame.type === 'user_sync') return set(frame.crowd === true)
      if (frame.type === 'crowd') return set(frame.on)
      if (frame.type === 'pace') pace(frame.cursors_per_second, frame.drafts_per_second)
      if (frame.type === 'followed') {
        followedUntil = now() + FOLLOWED_MS
        show()
      }
      return false
    },
  }
}

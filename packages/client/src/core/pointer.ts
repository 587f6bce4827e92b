/*
 * Our pointer on the pages of others, throttled.
 */
import type { ClientFrame, Position } from './frames.ts'
import { throttle } from './throttle.ts'
import type { Timers } from './timers.ts'

const EVERY_MS = 40

/** `isQuiet`: nobody would see it. */
export function createPointerSender(
  send: (frame: ClientFrame) => void,
  isQuiet: () => boolean,
  timers: Timers,
) {
  let own: Position | undefined
  const sender = throttle<Position>(
    EVERY_MS,
    (position) => {
      if (!isQuiet()) send({ type: 'cursor', position })
    },
    timers,
  )
  return {
    own: () => own,
    point(at: Position) {
      if (own && own.x === at.x && own.y === at.y) return
      own = at
      if (!isQuiet()) sender.push(at)
    },
    /** It left the plane; people who join later do not get it. */
    forget() {
      own = undefined
    },
    /** W16: somebody who joined gets our position. */
    resend() {
      if (own) sender.push(own)
    },
    stop: sender.cancel,
  }
}

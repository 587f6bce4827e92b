/*
 * Our pointer on the pages of others, throttled.
 */
import type { Position } from './frames.ts'
import type { Host } from './host.ts'
import { throttle } from './throttle.ts'

const EVERY_MS = 40

/** `isAlone`: nobody would see it. */
export function createPointerSender({ send, isHidden, now }: Host, isAlone = () => false) {
  const isQuiet = () => isAlone() || isHidden()
  let own: Position | undefined
  const sender = throttle<Position>(
    EVERY_MS,
    (position) => {
      if (!isQuiet()) send({ type: 'cursor', position })
    },
    now,
  )
  return {
    own: () => own,
    point(at: Position) {
      if (own && own.x === at.x && own.y === at.y && own.anchor === at.anchor) return
      own = at
      if (!isQuiet()) sender.push(at)
    },
    /** In a crowd: at most so many a second (W167). */
    pace: sender.pace,
    /** It left the plane; people who join later do not get it. */
    forget() {
      own = undefined
    },
    /** W16: somebody who joined gets our position. */
    resend() {
      if (own) sender.push(own)
    },
  }
}

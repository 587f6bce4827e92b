/*
 * Presses on the plane besides writing: a long press opens the palette at its point; a tap shows others where the finger
 * touched.
 */
import { reactionDigit } from '../../shared/keys/keys'
import { reactionOf } from './model/digits'
import type { Point } from '../canvas/model/camera'
import type { App } from '../../stores/app'

const LONG_MS = 480

export function createPressing(app: App) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let finger = false

  return {
    /** `target`: the world point. `whenLong` is called for a long press, and returns false if it became a drag. */
    down(event: PointerEvent, target: Point, whenLong: () => boolean) {
      clearTimeout(timer)
      if (event.isPrimary) finger = event.pointerType !== 'mouse'
      // A second finger pinches.
      if (!event.isPrimary || event.button !== 0) return
      const place = { x: event.clientX, y: event.clientY }
      timer = setTimeout(() => {
        // Alone, nobody would see it.
        if (!app.presence.alone() && whenLong()) app.reactions.choose({ place, target })
      }, LONG_MS)
    },
    up: () => clearTimeout(timer),
    tapped(at: Point) {
      if (finger) app.reactions.react('point', at)
    },
  }
}

/** Handles Ctrl+Shift+1 to 6, which react at `at`. True: it was one of them. */
export function reactionKey(event: KeyboardEvent, app: App, at: Point): boolean {
  const reaction = reactionOf(reactionDigit(event))
  if (!reaction) return false
  event.preventDefault()
  if (!event.repeat) app.reactions.react(reaction, at)
  return true
}

/*
 * Presses on the plane besides writing: a long press opens the palette at its point; a tap shows others where the finger
 * touched.
 */
import { altDigit, plainCommandOf } from '../../shared/keys/keys'
import { reactionOf } from '../../shared/net/reactions'
import type { Point } from '../canvas/model/camera'
import type { App } from '../../stores/app'
import { MAC } from '../../shared/ui/keyboard'

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

/** Handles the keys 1 to 6; while you write, with Alt, where Alt types nothing. True: it was one of them. */
export function reactionKey(
  event: KeyboardEvent,
  app: App,
  onPlane: boolean,
  pointer: Point | undefined,
): boolean {
  const plain = onPlane ? plainCommandOf(event) : ''
  const reaction = reactionOf(plain || altDigit(event, MAC))
  if (!reaction) return false
  event.preventDefault()
  const { draft } = app.messages.store.getState()
  const at = onPlane && pointer ? app.camera.toWorld(pointer) : draft?.at
  if (!event.repeat) app.reactions.react(reaction, at ?? app.camera.store.getState().camera)
  return true
}

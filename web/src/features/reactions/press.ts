/*
 * What a press on the plane means besides writing there: held long, a reaction is chosen for its point; from a
 * finger, which no pointer shows, others are shown where it touched.
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
    /** `target`: on the plane; `whenLong`: it has become a long one; true when it was nothing else. */
    down(event: PointerEvent, target: Point, whenLong: () => boolean) {
      clearTimeout(timer)
      if (event.isPrimary) finger = event.pointerType !== 'mouse'
      // A second finger pinches.
      if (!event.isPrimary || event.button !== 0) return
      const place = { x: event.clientX, y: event.clientY }
      timer = setTimeout(() => {
        // Alone there is nobody to react for.
        if (!app.presence.alone() && whenLong()) app.reactions.choose({ place, target })
      }, LONG_MS)
    },
    up: () => clearTimeout(timer),
    tapped(at: Point) {
      if (finger) app.reactions.react('point', at)
    },
  }
}

/** One of the keys 1 to 6; with Alt also while one writes, where Alt does not type. True: it was one. */
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

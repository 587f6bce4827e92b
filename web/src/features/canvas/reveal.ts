/*
 * Moves the view just far enough that the focused element can be seen, also above a phone's keyboard.
 */
import { reveal as revealed, type Size } from './model/camera'
import type { App } from '../../stores/app'
import { LOW_PX, safeArea } from '../../shared/ui/safe-area'

const LOW_FRAME_PX = 10
const FRAME_PX = { left: 24, right: 32, top: 64, bottom: 56 }

export function reveal(element: HTMLElement | null, app: App) {
  if (!element || document.activeElement !== element) return
  const plane = element.closest('.plane')?.getBoundingClientRect()
  if (!plane) return
  const { left, top, right, bottom } = element.getBoundingClientRect()
  const { camera, view } = app.camera.store.getState()
  const next = revealed(
    camera,
    {
      left: left - plane.left,
      top: top - plane.top,
      right: right - plane.left,
      bottom: bottom - plane.top,
    },
    frameOf(view),
  )
  if (next !== camera) app.camera.set(next)
}

/** Where the focused text may lie. On a low view, as above a keyboard on a phone in landscape, the margins are small. */
function frameOf({ width, height }: Size) {
  const safe = safeArea()
  const [over, under] =
    height < LOW_PX ? [LOW_FRAME_PX, LOW_FRAME_PX] : [FRAME_PX.top, FRAME_PX.bottom]
  return {
    left: safe.left + FRAME_PX.left,
    top: safe.top + over,
    right: width - safe.right - FRAME_PX.right,
    bottom: height - under,
  }
}

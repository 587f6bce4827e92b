/*
 * Moves the view just far enough that the focused element can be seen: above a phone's keyboard, and off what lies at the
 * edges.
 */
import type { Box } from './model/boxes'
import { panBy, reveal as revealed, type Size } from './model/camera'
import type { App } from '../../stores/app'
import { lazyModule } from '../../shared/ui/lazy'
import { LOW_PX, safeArea } from '../../shared/ui/safe-area'

const LOW_FRAME_PX = 10
const FRAME_PX = { left: 24, right: 32, top: 64, bottom: 56 }

const fetched = lazyModule(() => import('./off-controls'))

export function reveal(element: HTMLElement | null, app: App) {
  if (!element || document.activeElement !== element) return
  const plane = element.closest('.plane')?.getBoundingClientRect()
  if (!plane) return
  const { left, top, right, bottom } = element.getBoundingClientRect()
  const { camera, view } = app.camera.store.getState()
  const frame = frameOf(view)
  /** where the element lies under another camera */
  const boxUnder = ({ x, y, zoom }: typeof camera): Box => {
    const [dx, dy] = [(camera.x - x) * zoom - plane.left, (camera.y - y) * zoom - plane.top]
    return { left: left + dx, top: top + dy, right: right + dx, bottom: bottom + dy }
  }
  let next = revealed(camera, boxUnder(camera), frame)
  fetched.fetch()
  const off = fetched.get()?.offControls(boxUnder(next), frame)
  if (off) next = panBy(next, off.dx, off.dy)
  if (next !== camera) app.camera.set(next)
}

/** Where the focused text may lie. On a low view, as above a keyboard on a phone in landscape, the margins are small. */
function frameOf({ width, height }: Size): Box {
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

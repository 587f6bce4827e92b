/*
 * How the camera flies to a goal: with a smooth start and stop, and never past it.
 *
 * A long flight zooms out on the way, so that you see where it goes. Its duration grows with the logarithm of the
 * distance.
 */
import { clamp, screensAway, ZOOM_MIN, type Camera, type Size } from './camera'

const SHORT_MS = 260
const PER_DOUBLING_MS = 130
const LONG_MS = 1_100
/** A flight longer than this many views zooms out. */
const LEVEL_SCREENS = 1.5

export function flightMs(from: Camera, to: Camera, view: Size): number {
  const screens = screensAway(from, view, to) + Math.abs(Math.log2(to.zoom / from.zoom))
  return clamp(SHORT_MS + PER_DOUBLING_MS * Math.log2(1 + screens), SHORT_MS, LONG_MS)
}

/** Where the view is after `part` (0 to 1) of the flight. */
export function alongFlight(from: Camera, to: Camera, view: Size, part: number): Camera {
  const t = clamp(part, 0, 1)
  if (t === 1) return to
  const eased = t * t * (3 - 2 * t)
  const straight = from.zoom * (to.zoom / from.zoom) ** eased
  const screens = screensAway(from, view, to)
  const rise = screens > LEVEL_SCREENS ? LEVEL_SCREENS / screens : 1
  // Does not zoom in first when the camera starts zoomed out.
  const lowest = Math.min(straight, Math.max(ZOOM_MIN, straight * rise))
  const arc = Math.sin(Math.PI * t) ** 2
  return {
    x: from.x + (to.x - from.x) * eased,
    y: from.y + (to.y - from.y) * eased,
    zoom: straight * (lowest / straight) ** arc,
  }
}

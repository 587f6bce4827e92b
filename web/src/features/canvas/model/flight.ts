/*
 * How the view travels: an even start, an even stop, never past the goal.
 *
 * Far flights rise on the way, so that the eye sees where from and where to instead of a blur;
 * they take longer with the distance, but by its logarithm: nobody waits for 50,000 pixels.
 */
import {
  clamp,
  clampCamera,
  panBy,
  worldToScreen,
  ZOOM_MIN,
  type Camera,
  type Point,
  type Size,
} from './camera'
import { screensAway } from '../../navigation/model/spots'

const SHORT_MS = 260
const PER_DOUBLING_MS = 130
const LONG_MS = 1_100
/** Up to so many lengths of the view the ground itself can be followed; beyond, one rises. */
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
  // Whoever looks from higher up already does not sink first.
  const lowest = Math.min(straight, Math.max(ZOOM_MIN, straight * rise))
  const arc = Math.sin(Math.PI * t) ** 2
  return {
    x: from.x + (to.x - from.x) * eased,
    y: from.y + (to.y - from.y) * eased,
    zoom: straight * (lowest / straight) ** arc,
  }
}

/** The part of the view, from each edge, that a followed pointer does not enter. */
const KEEP_SHARE = 0.28
const CATCH_UP_MS = 140

/** The nearest camera that has `at` well within the view. */
export function keepInSight(camera: Camera, view: Size, at: Point): Camera {
  const { x, y } = worldToScreen(camera, view, at)
  const out = (value: number, length: number) => {
    const margin = length * KEEP_SHARE
    return clamp(value, margin, length - margin) - value
  }
  const dx = out(x, view.width)
  const dy = out(y, view.height)
  return dx === 0 && dy === 0 ? camera : panBy(camera, dx, dy)
}

/** The camera that sees all of what somebody else sees, however different the two screens are. */
export function fitted(view: Size, seen: Size & { readonly middle: Point }): Camera {
  const zoom = Math.min(view.width / seen.width, view.height / seen.height)
  return clampCamera({ ...seen.middle, zoom })
}

/** From `camera` towards `goal` in `dt` ms: quick while far, slow when near, never past it. */
export function glide(camera: Camera, goal: Camera, dt: number): Camera {
  const left = Math.exp(-dt / CATCH_UP_MS)
  const near = Math.hypot(goal.x - camera.x, goal.y - camera.y) * camera.zoom < 0.5
  if (near && Math.abs(goal.zoom / camera.zoom - 1) < 0.001) return goal
  return {
    zoom: goal.zoom * (camera.zoom / goal.zoom) ** left,
    x: goal.x + (camera.x - goal.x) * left,
    y: goal.y + (camera.y - goal.y) * left,
  }
}

/*
 * Where the camera goes while it follows somebody. Pure: no DOM, no clocks.
 */
import {
  clamp,
  clampCamera,
  panBy,
  worldToScreen,
  type Camera,
  type Point,
  type Size,
} from '../../canvas/model/camera'

/** The share of the view at each edge that a followed pointer stays out of. */
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

/** The camera that shows all of another person's view, whatever the two screen sizes. */
export function fitted(view: Size, seen: Size & { readonly middle: Point }): Camera {
  const zoom = Math.min(view.width / seen.width, view.height / seen.height)
  return clampCamera({ ...seen.middle, zoom })
}

/**
 * From `camera` towards `goal` in `dt` ms: quick while far, slow when near, never past it.
 *
 * A `dt` below 0 counts as 0, see `step` in cursors/model/motion.ts.
 */
export function glide(camera: Camera, goal: Camera, dt: number): Camera {
  const left = Math.exp(-Math.max(0, dt) / CATCH_UP_MS)
  const near = Math.hypot(goal.x - camera.x, goal.y - camera.y) * camera.zoom < 0.5
  if (near && Math.abs(goal.zoom / camera.zoom - 1) < 0.001) return goal
  return {
    zoom: goal.zoom * (camera.zoom / goal.zoom) ** left,
    x: goal.x + (camera.x - goal.x) * left,
    y: goal.y + (camera.y - goal.y) * left,
  }
}

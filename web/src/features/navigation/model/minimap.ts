/*
 * The minimap: a small round map with the view in its middle.
 *
 * Its reach doubles until most people are on it, so that it rarely changes while they move. People further away are on its
 * rim. If everybody had to fit, one person far away would make all others a single dot.
 */
import { clamp, type Camera, type Point, type Size } from '../../canvas/model/camera'

export interface Minimap extends Size {
  /** the world point in its middle */
  readonly middle: Point
  /** minimap pixels per world pixel */
  readonly scale: number
}

/** views from one side of the minimap to the other */
const REACH_MIN = 4
const REACH_MAX = 256
const RIM_PX = 6
/** the share of spots that must fit */
const MOST = 0.7

export function minimapOf(
  camera: Camera,
  view: Size,
  size: Size,
  spots: readonly Point[],
): Minimap {
  const across = (reach: number) =>
    Math.min(
      (size.width * camera.zoom) / (view.width * reach),
      (size.height * camera.zoom) / (view.height * reach),
    )
  const enough = spots.length * MOST
  const fits = (scale: number) =>
    spots.filter((at) => outward(size, camera, scale, at) <= 1).length >= enough
  let reach = REACH_MIN
  while (reach < REACH_MAX && !fits(across(reach))) reach *= 2
  return { ...size, middle: { x: camera.x, y: camera.y }, scale: across(reach) }
}

/** How far out a point lies: 0 in the middle, 1 on the rim, more beyond it. */
function outward(size: Size, middle: Point, scale: number, at: Point): number {
  return Math.hypot(
    ((at.x - middle.x) * scale) / (size.width / 2 - RIM_PX),
    ((at.y - middle.y) * scale) / (size.height / 2 - RIM_PX),
  )
}

/** Where a world point lies on the minimap; what is beyond its reach lies on the rim. */
export function toMinimap(minimap: Minimap, at: Point): Point {
  const dx = (at.x - minimap.middle.x) * minimap.scale
  const dy = (at.y - minimap.middle.y) * minimap.scale
  const over = Math.max(1, outward(minimap, minimap.middle, minimap.scale, at))
  return { x: minimap.width / 2 + dx / over, y: minimap.height / 2 + dy / over }
}

/** The world point under a point of the minimap, its rim included. */
export function fromMinimap(minimap: Minimap, point: Point): Point {
  return {
    x: minimap.middle.x + (clamp(point.x, 0, minimap.width) - minimap.width / 2) / minimap.scale,
    y: minimap.middle.y + (clamp(point.y, 0, minimap.height) - minimap.height / 2) / minimap.scale,
  }
}

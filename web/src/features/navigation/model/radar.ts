/*
 * The radar: a small round map with the view in its middle.
 *
 * It reaches so far that most people are on it, in doublings, so that it rests while they move
 * about; whoever is further off lies on its rim. Were everybody to fit, one person lost at the
 * end of the world would make all the others one dot.
 */
import { clamp, type Camera, type Point, type Size } from '../../canvas/model/camera'

export interface Radar extends Size {
  /** the world point in its middle */
  readonly middle: Point
  /** radar pixels per world pixel */
  readonly scale: number
}

/** views from one side of the radar to the other */
const REACH_MIN = 4
const REACH_MAX = 256
const RIM_PX = 6
/** the share of spots that must fit */
const MOST = 0.7

export function radarOf(camera: Camera, view: Size, size: Size, spots: readonly Point[]): Radar {
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

/** Where a world point lies on the radar; what is beyond its reach lies on the rim. */
export function onRadar(radar: Radar, at: Point): Point {
  const dx = (at.x - radar.middle.x) * radar.scale
  const dy = (at.y - radar.middle.y) * radar.scale
  const over = Math.max(1, outward(radar, radar.middle, radar.scale, at))
  return { x: radar.width / 2 + dx / over, y: radar.height / 2 + dy / over }
}

/** The world point under a point of the radar, its rim included. */
export function fromRadar(radar: Radar, point: Point): Point {
  return {
    x: radar.middle.x + (clamp(point.x, 0, radar.width) - radar.width / 2) / radar.scale,
    y: radar.middle.y + (clamp(point.y, 0, radar.height) - radar.height / 2) / radar.scale,
  }
}

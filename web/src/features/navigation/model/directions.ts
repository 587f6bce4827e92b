/*
 * Directions on the plane, for keyboard navigation and screen readers. Pure.
 */
import { isSeen, screensAway, type Camera, type Point, type Size } from '../../canvas/model/camera'

/** a unit step on the plane: x to the right, y downwards */
export type Way = readonly [x: -1 | 0 | 1, y: -1 | 0 | 1]

export const ARROWS: Readonly<Record<string, Way | undefined>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}

/** A distance to the side counts this many times, so that a message straight ahead comes first. */
const ASIDE_COST = 2

/** The next of `places` in that direction; undefined: there is none. */
export function nextOf<Place extends Point>(
  from: Point,
  [wayX, wayY]: Way,
  places: Iterable<Place>,
): Place | undefined {
  let best: Place | undefined
  let least = Infinity
  for (const place of places) {
    const dx = place.x - from.x
    const dy = place.y - from.y
    const ahead = dx * wayX + dy * wayY
    if (ahead <= 0) continue
    const cost = ahead + Math.abs(dx * wayY + dy * wayX) * ASIDE_COST
    if (cost >= least) continue
    best = place
    least = cost
  }
  return best
}

/** The direction from the middle of the view; both 0: within the view. */
export interface Bearing {
  readonly way: Way
  readonly far: boolean
}

const FAR_SCREENS = 3
/** tan 22.5 degrees: each of eight directions takes an eighth of the circle */
const STRAIGHT = 0.414

export function bearingOf(camera: Camera, view: Size, at: Point): Bearing {
  if (isSeen(camera, view, at)) return { way: [0, 0], far: false }
  const dx = at.x - camera.x
  const dy = at.y - camera.y
  const sign = (one: number, other: number): -1 | 0 | 1 =>
    Math.abs(one) <= Math.abs(other) * STRAIGHT ? 0 : one < 0 ? -1 : 1
  return { way: [sign(dx, dy), sign(dy, dx)], far: screensAway(camera, view, at) > FAR_SCREENS }
}

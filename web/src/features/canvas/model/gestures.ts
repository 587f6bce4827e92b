/*
 * What pressed pointers do with the canvas: drag and pinch.
 *
 * One pointer is a press until it moves further than a click may. From then on it moves the plane, counted from where it
 * was pressed, so that the point stays under it. Two pointers move the plane by their middle and zoom it by their distance;
 * a third one changes nothing. When one of two is lifted, the other goes on. Pure.
 */
import type { Point } from './camera'

/** screen pixels a click may move */
const SLOP_PX = 4

export interface Grip {
  readonly points: ReadonlyMap<number, Point>
  /** the middle of the first two, up to which the plane has moved */
  readonly middle: Point
  /** the distance of the two, and the zoom, when the second came; 0: fewer than two */
  readonly spread: number
  readonly zoom: number
  /** more than a press */
  readonly moving: boolean
}

export interface Carry {
  readonly dx: number
  readonly dy: number
  /** around here, in screen pixels */
  readonly at: Point
  /** undefined: stays as it is */
  readonly zoom: number | undefined
}

export const NO_GRIP: Grip = {
  points: new Map(),
  middle: { x: 0, y: 0 },
  spread: 0,
  zoom: 1,
  moving: false,
}

function shapeOf(points: ReadonlyMap<number, Point>): { middle: Point; spread: number } {
  const [a = { x: 0, y: 0 }, b = a] = points.values()
  return {
    middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
    spread: Math.hypot(a.x - b.x, a.y - b.y),
  }
}

export function press(grip: Grip, id: number, at: Point, zoom: number): Grip {
  const points = new Map(grip.points).set(id, at)
  return { points, zoom, moving: points.size > 1, ...shapeOf(points) }
}

export function release(grip: Grip, id: number, zoom: number): Grip {
  if (!grip.points.has(id)) return grip
  const points = new Map(grip.points)
  points.delete(id)
  return { points, zoom, moving: grip.moving && points.size > 0, ...shapeOf(points) }
}

export function carry(grip: Grip, id: number, to: Point): { grip: Grip; by?: Carry } {
  if (!grip.points.has(id)) return { grip }
  const points = new Map(grip.points).set(id, to)
  const { middle: at, spread } = shapeOf(points)
  const dx = at.x - grip.middle.x
  const dy = at.y - grip.middle.y
  if (!grip.moving && Math.hypot(dx, dy) < SLOP_PX) return { grip }
  const zoom = grip.spread > 0 ? (grip.zoom * spread) / grip.spread : undefined
  return { grip: { ...grip, points, middle: at, moving: true }, by: { dx, dy, at, zoom } }
}

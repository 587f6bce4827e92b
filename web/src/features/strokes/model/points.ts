/*
 * The points of a stroke: thinned out, fitted into the limits, and drawn as a smooth path. Pure.
 */
import type { Point } from '../../canvas/model/camera'

/** As a stroke is sent: `[x, y]` for each point. */
export type WirePoints = readonly (readonly [x: number, y: number])[]

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** The distance of `p` from the line segment from `a` to `b`. */
function away(p: Point, a: Point, b: Point): number {
  const dx = b.x - a.x
  const dy = b.y - a.y
  const length = dx * dx + dy * dy
  const part = length === 0 ? 0 : ((p.x - a.x) * dx + (p.y - a.y) * dy) / length
  const along = Math.min(1, Math.max(0, part))
  return Math.hypot(p.x - a.x - along * dx, p.y - a.y - along * dy)
}

/**
 * The points that matter (Ramer-Douglas-Peucker): no removed point is further than `tolerance` from the line that is left.
 * Without recursion, because a line may have thousands of points.
 */
export function simplify<P extends Point>(points: readonly P[], tolerance: number): P[] {
  const kept = new Set([0, points.length - 1])
  const spans: [number, number][] = [[0, points.length - 1]]
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [first, last] = span
    const a = points[first]
    const b = points[last]
    if (!a || !b) continue
    let furthest = 0
    let most = tolerance
    for (let i = first + 1; i < last; i += 1) {
      const point = points[i]
      const distance = point ? away(point, a, b) : 0
      if (distance > most) {
        most = distance
        furthest = i
      }
    }
    if (furthest === 0) continue
    kept.add(furthest)
    spans.push([first, furthest], [furthest, last])
  }
  return points.filter((_, i) => kept.has(i))
}

/** The bytes of the points on the wire, where each number has one decimal (W111). */
export function sizeOf(points: readonly Point[]): number {
  return points.reduce((sum, { x, y }) => sum + x.toFixed(1).length + y.toFixed(1).length + 4, 2)
}

export interface StrokeLimits {
  readonly points: number
  readonly bytes: number
}

/** Simplified, and coarser where that is needed to fit into the limits. */
export function fitted<P extends Point>(
  points: readonly P[],
  tolerance: number,
  limits: StrokeLimits,
): P[] {
  let fits = simplify(points, tolerance)
  for (
    let coarser = tolerance;
    fits.length > 2 && (fits.length > limits.points || sizeOf(fits) > limits.bytes);
    coarser *= 1.5
  ) {
    fits = simplify(fits, coarser)
  }
  return fits
}

/** A turn with a smaller cosine than this is a corner, and stays one. */
const CORNER = 0.35

/** A smooth SVG path through the points, relative to `from` (Catmull-Rom; sharp turns stay sharp). */
export function pathOf(points: readonly Point[], from: Point): string {
  const at = points.map(({ x, y }) => ({ x: x - from.x, y: y - from.y }))
  const write = (...numbers: number[]) => numbers.map((n) => +n.toFixed(1)).join(' ')
  const [first] = at
  if (!first) return ''
  const tangents = at.map((point, i) => tangent(at[i - 1], point, at[i + 1]))
  const curves = at.slice(1).map((to, i) => {
    const back = at[i] ?? to
    const third = Math.hypot(to.x - back.x, to.y - back.y) / 3
    const out = tangents[i] ?? STILL
    const into = tangents[i + 1] ?? STILL
    return `C${write(
      ...[back.x + out.x * third, back.y + out.y * third],
      ...[to.x - into.x * third, to.y - into.y * third],
      ...[to.x, to.y],
    )}`
  })
  return `M${write(first.x, first.y)}${curves.join('')}`
}

const STILL: Point = { x: 0, y: 0 }

/** The direction of the path at a point, of length 1; no direction at its ends and at corners. */
function tangent(before: Point | undefined, here: Point, after: Point | undefined): Point {
  if (!before || !after) return STILL
  const came = unit(before, here)
  const goes = unit(here, after)
  if (came.x * goes.x + came.y * goes.y < CORNER) return STILL
  return unit(STILL, { x: came.x + goes.x, y: came.y + goes.y })
}

function unit(a: Point, b: Point): Point {
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1
  return { x: (b.x - a.x) / length, y: (b.y - a.y) / length }
}

export const ARROW_PX = 90
const HEAD_PX = 16
/** outside the ring that marks the focused message */
const GAP_PX = 20
/** of the two lines of the head, against the shaft */
const HEAD_ANGLE = 0.5

/** An arrow in direction `way` that ends at the edge of `box`, in one line. All in screen pixels. */
export function arrowTo(box: Box, [wayX, wayY]: readonly [number, number]): Point[] {
  const middle = { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 }
  const tip = {
    x: middle.x - wayX * ((box.right - box.left) / 2 + GAP_PX),
    y: middle.y - wayY * ((box.bottom - box.top) / 2 + GAP_PX),
  }
  const tail = { x: tip.x - wayX * ARROW_PX, y: tip.y - wayY * ARROW_PX }
  const angle = Math.atan2(-wayY, -wayX)
  const [left, right] = [angle - HEAD_ANGLE, angle + HEAD_ANGLE].map((turned) => ({
    x: tip.x + Math.cos(turned) * HEAD_PX,
    y: tip.y + Math.sin(turned) * HEAD_PX,
  })) as [Point, Point]
  return [tail, tip, left, tip, right]
}

/** As sent, and back. Points that are not numbers, or fewer than `least`, are no stroke. */
export const toWire = (points: readonly Point[]): WirePoints =>
  points.map(({ x, y }) => [x, y] as const)

export function fromWire(points: unknown, least: number): Point[] | undefined {
  if (!Array.isArray(points) || points.length < least) return undefined
  const read = points.map((point: unknown) => {
    const [x, y] = Array.isArray(point) ? (point as unknown[]) : []
    return { x, y }
  })
  return read.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
    ? (read as Point[])
    : undefined
}

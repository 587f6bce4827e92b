/*
 * Boxes that must not lie on each other, and the nearest free place among them. Units are the caller's. Pure.
 */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface Offset {
  readonly dx: number
  readonly dy: number
}

/** Boxes that only touch, within what rounding adds, do not meet. */
const TOUCH = 0.01

const FAR = 1e6

export const meet = (a: Box, b: Box, dx = 0, dy = 0) =>
  a.left + dx < b.right - TOUCH &&
  b.left < a.right + dx - TOUCH &&
  a.top + dy < b.bottom - TOUCH &&
  b.top < a.bottom + dy - TOUCH

export const grow = ({ left, top, right, bottom }: Box, x: number, y: number): Box => ({
  left: left - x,
  top: top - y,
  right: right + x,
  bottom: bottom + y,
})

export const moved = ({ left, top, right, bottom }: Box, dx: number, dy: number): Box => ({
  left: left + dx,
  top: top + dy,
  right: right + dx,
  bottom: bottom + dy,
})

/** What lies beyond each edge, as boxes that are taken. */
export const beyond = ({ left, top, right, bottom }: Box): Box[] => {
  const all = { left: -FAR, top: -FAR, right: FAR, bottom: FAR }
  return [
    { ...all, right: left },
    { ...all, bottom: top },
    { ...all, left: right },
    { ...all, top: bottom },
  ]
}

/** The distance from a point to a box; 0 within it. */
export const distanceTo = ({ left, top, right, bottom }: Box, x: number, y: number) =>
  Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom))

/** What an offset costs; undefined: it is not allowed. */
type Cost = (dx: number, dy: number) => number | undefined

/**
 * The cheapest offset that puts `own` beside one box, or in the corner between two, or leaves it. `whole` is asked what it
 * costs in all, where it may be the cheapest so far.
 */
export function cheapestOffset(
  own: Box,
  boxes: readonly Box[],
  cost: Cost,
  whole: (dx: number, dy: number, cost: number) => number | undefined,
): Offset | undefined {
  const across = [0]
  const down = [0]
  for (const { left, top, right, bottom } of boxes) {
    for (const dx of [right - own.left, left - own.right]) {
      if (cost(dx, 0) !== undefined) across.push(dx)
    }
    for (const dy of [bottom - own.top, top - own.bottom]) {
      if (cost(0, dy) !== undefined) down.push(dy)
    }
  }
  for (const ways of [across, down]) ways.sort((a, b) => Math.abs(a) - Math.abs(b))
  let best = Infinity
  let found: Offset | undefined
  for (const dy of down) {
    for (const dx of across) {
      const least = cost(dx, dy)
      if (least === undefined || least >= best) continue
      const price = whole(dx, dy, least)
      if (price === undefined || price >= best) continue
      best = price
      found = { dx, dy }
    }
  }
  return found
}

/** The cheapest of these offsets at which `own` meets no box. */
export const freeOffset = (own: Box, boxes: readonly Box[], cost: Cost): Offset | undefined =>
  cheapestOffset(own, boxes, cost, (dx, dy, price) =>
    boxes.some((box) => meet(own, box, dx, dy)) ? undefined : price,
  )

/** The shortest of them, not longer than `reach`. */
export function nearestFree(own: Box, boxes: readonly Box[], reach: number): Offset | undefined {
  const around = grow(own, reach, reach)
  const near = boxes.filter((box) => meet(around, box))
  return freeOffset(own, near, (dx, dy) => {
    const away = Math.hypot(dx, dy)
    return away <= reach ? away : undefined
  })
}

/** Whether the line from (x1, y1) to (x2, y2) runs through the box (Liang and Barsky 1984). */
export function isCrossed(box: Box, x1: number, y1: number, x2: number, y2: number): boolean {
  let from = 0
  let to = 1
  for (const [start, way, low, high] of [
    [x1, x2 - x1, box.left, box.right],
    [y1, y2 - y1, box.top, box.bottom],
  ] as const) {
    if (way === 0) {
      if (start <= low || start >= high) return false
      continue
    }
    const [a, b] = [(low - start) / way, (high - start) / way]
    from = Math.max(from, Math.min(a, b))
    to = Math.min(to, Math.max(a, b))
  }
  return from < to
}

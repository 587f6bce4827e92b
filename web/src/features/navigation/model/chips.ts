/*
 * Chips: small markers at the edge of the view for spots outside it, at most three.
 *
 * Spots that lie in about the same direction share a chip. A chip is where the line from the middle of the view to its
 * nearest spot crosses the edge, or beside that point where text or a control is there; with no room near it, it is not
 * shown. Pure: no DOM, no clocks.
 */
import { meet, type Box } from '../../canvas/model/boxes'
import {
  clamp,
  distance,
  isSeen,
  worldToScreen,
  type Camera,
  type Point,
  type Size,
} from '../../canvas/model/camera'
import type { Spot } from './spots'

export type Side = 'left' | 'right' | 'top' | 'bottom'

export interface Chip {
  /** the smallest id of its spots: as long as one stays, the chip is the same */
  readonly key: string
  /** the edge that it lies at */
  readonly side: Side
  /** its middle, in screen pixels */
  readonly x: number
  readonly y: number
  /** radians, from the chip to its nearest spot; 0 is right, a quarter turn is down */
  readonly angle: number
  /** nearest first */
  readonly spots: readonly Spot[]
  /** to the nearest, world pixels */
  readonly distance: number
}

/** Where chips may be: the insets of the edges, and the size of a chip. */
export interface Rim {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly wide: number
  readonly high: number
}

const CHIPS_MAX = 3
/** Directions closer together than this share a chip. */
const APART_RAD = 0.9
const TURN = 2 * Math.PI
/** between a chip and what it must not cover */
const GAP_PX = 3
const STEP_PX = 10
/** how far along the edge a chip may move aside, as a share of the edge's whole length */
const ASIDE_SHARE = 0.16

interface Seen {
  readonly spot: Spot
  readonly away: number
  readonly turn: number
}

/** `taken`: boxes that no chip may cover, in screen pixels. */
export function chipsOf(
  camera: Camera,
  view: Size,
  rim: Rim,
  spots: readonly Spot[],
  taken: readonly Box[] = [],
): Chip[] {
  const outside: Seen[] = spots
    .filter((spot) => !isSeen(camera, view, spot.at))
    .map((spot) => ({
      spot,
      away: distance(camera, spot.at),
      turn: Math.atan2(spot.at.y - camera.y, spot.at.x - camera.x),
    }))
  const groups = byDirection(outside).map((members) =>
    members.sort((a, b) => a.away - b.away || (a.spot.id < b.spot.id ? -1 : 1)),
  )
  // The nearest gets its place first.
  groups.sort(([a], [b]) => (a?.away ?? 0) - (b?.away ?? 0))
  const inset = insetOf(view, rim)
  const boxes = [...taken]
  const chips: Chip[] = []
  for (const members of groups) {
    const nearest = members[0] as Seen
    const at = freePlace(inset, rim, view, nearest.turn, boxes)
    if (!at) continue
    boxes.push(boxAt(at, rim))
    const goal = worldToScreen(camera, view, nearest.spot.at)
    chips.push({
      ...at,
      key: members.reduce((key, { spot }) => (spot.id < key ? spot.id : key), nearest.spot.id),
      side: sideOf(inset, at),
      angle: Math.atan2(goal.y - at.y, goal.x - at.x),
      spots: members.map(({ spot }) => spot),
      distance: nearest.away,
    })
  }
  return chips
}

/**
 * The spots in at most CHIPS_MAX groups of directions. Of all ways to cut the circle after its widest gap, the one with the
 * narrowest groups; a group more must be worth it.
 */
function byDirection(list: readonly Seen[]): Seen[][] {
  const sorted = [...list].sort((a, b) => a.turn - b.turn || (a.spot.id < b.spot.id ? -1 : 1))
  const last = sorted.at(-1)
  if (!last) return []
  let start = 0
  let widest = -1
  for (const [i, { turn }] of sorted.entries()) {
    const gap = turn - (i === 0 ? last.turn - TURN : (sorted[i - 1]?.turn ?? 0))
    if (gap <= widest) continue
    widest = gap
    start = i
  }
  const around = [...sorted.slice(start), ...sorted.slice(0, start)]
  const from = around[0]?.turn ?? 0
  const turns = around.map(({ turn }) => (turn - from + TURN) % TURN)
  // Only in a gap can a cut be useful, and only the widest of many are tried.
  const cuts = turns
    .map((turn, i) => ({ i, gap: turn - (turns[i - 1] ?? turn) }))
    .filter(({ i, gap }) => i > 0 && gap > 0)
    .sort((a, b) => b.gap - a.gap)
    .slice(0, 24)
    .map(({ i }) => i)
    .sort((a, b) => a - b)
  const width = (first: number, end: number) => (turns[end - 1] ?? 0) - (turns[first] ?? 0)
  const cost = (ends: readonly number[]) =>
    ends.reduce((sum, end, k) => sum + width(ends[k - 1] ?? 0, end) ** 2 + APART_RAD ** 2, 0)
  let best = [turns.length]
  for (const [k, first] of cuts.entries()) {
    for (const second of [turns.length, ...cuts.slice(k + 1)]) {
      const ends = second === turns.length ? [first, second] : [first, second, turns.length]
      if (ends.length <= CHIPS_MAX && cost(ends) < cost(best)) best = ends
    }
  }
  return best.map((end, k) => around.slice(best[k - 1] ?? 0, end))
}

/** The rectangle on which the middles of chips lie; at least 1 px wide. */
function insetOf(view: Size, { left, top, right, bottom, wide, high }: Rim): Box {
  const x = left + wide / 2
  const y = top + high / 2
  return {
    left: x,
    top: y,
    right: Math.max(x + 1, view.width - right - wide / 2),
    bottom: Math.max(y + 1, view.height - bottom - high / 2),
  }
}

const boxAt = ({ x, y }: Point, { wide, high }: Rim): Box => ({
  left: x - wide / 2 - GAP_PX,
  top: y - high / 2 - GAP_PX,
  right: x + wide / 2 + GAP_PX,
  bottom: y + high / 2 + GAP_PX,
})

/** The free point on the inset nearest to where it is crossed in this direction. */
function freePlace(
  inset: Box,
  rim: Rim,
  view: Size,
  turn: number,
  boxes: readonly Box[],
): Point | undefined {
  const width = inset.right - inset.left
  const height = inset.bottom - inset.top
  const crossed = crossing(inset, view, turn)
  const along = lengthAt(inset, crossed)
  const reach = 2 * (width + height) * ASIDE_SHARE
  for (let aside = 0; aside <= reach; aside += STEP_PX) {
    for (const to of aside === 0 ? [along] : [along + aside, along - aside]) {
      const at = aside === 0 ? crossed : pointAt(inset, to)
      const box = boxAt(at, rim)
      if (!boxes.some((other) => meet(box, other))) return at
    }
  }
  return undefined
}

/** Where the ray from the middle of the view leaves the inset. */
function crossing(inset: Box, view: Size, turn: number): Point {
  const [x, y] = [view.width / 2, view.height / 2]
  const [dx, dy] = [Math.cos(turn), Math.sin(turn)]
  const reachX = Math.max(1, dx < 0 ? x - inset.left : inset.right - x)
  const reachY = Math.max(1, dy < 0 ? y - inset.top : inset.bottom - y)
  const far = Math.min(reachX / Math.max(1e-9, Math.abs(dx)), reachY / Math.max(1e-9, Math.abs(dy)))
  return {
    x: clamp(x + dx * far, inset.left, inset.right),
    y: clamp(y + dy * far, inset.top, inset.bottom),
  }
}

function sideOf({ left, top, right, bottom }: Box, { x, y }: Point): Side {
  const sides: [number, Side][] = [
    [x - left, 'left'],
    [right - x, 'right'],
    [y - top, 'top'],
    [bottom - y, 'bottom'],
  ]
  return sides.reduce((a, b) => (b[0] < a[0] ? b : a))[1]
}

/** A point on the inset as a length along it, clockwise from its left upper corner; and back. */
function lengthAt(inset: Box, at: Point): number {
  const width = inset.right - inset.left
  const height = inset.bottom - inset.top
  switch (sideOf(inset, at)) {
    case 'top':
      return at.x - inset.left
    case 'right':
      return width + at.y - inset.top
    case 'bottom':
      return width + height + inset.right - at.x
    case 'left':
      return 2 * width + height + inset.bottom - at.y
  }
}

function pointAt(inset: Box, length: number): Point {
  const width = inset.right - inset.left
  const height = inset.bottom - inset.top
  const around = 2 * (width + height)
  const on = ((length % around) + around) % around
  if (on <= width) return { x: inset.left + on, y: inset.top }
  if (on <= width + height) return { x: inset.right, y: inset.top + on - width }
  if (on <= 2 * width + height) return { x: inset.right - (on - width - height), y: inset.bottom }
  return { x: inset.left, y: inset.bottom - (on - 2 * width - height) }
}

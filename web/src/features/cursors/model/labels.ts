/*
 * Where a cursor and its name lie: never over text, which they would make unreadable, and never over each other.
 *
 * A cursor that rests on text is shown beside it. Its name tries four sides, its present one first so that it stays where it
 * is. If none is free, or the name is above a message nearby, only the coloured dot is shown. Screen pixels. Pure.
 */
import type { Point } from '../../canvas/model/camera'
import { distanceTo, freeOffset, grow, meet, type Box, type Offset } from '../../canvas/model/boxes'

export interface Words extends Box {
  /** whose name it is, if it is one */
  readonly nameOf?: string | undefined
}

export const SIDES = ['below', 'above', 'below-before', 'above-before'] as const
export type Side = (typeof SIDES)[number]

/** A cursor that has not moved for so long steps off words. */
export const REST_MS = 300
const DOT_PX = 9
const DOT_RADIUS_PX = 6
const STEP_MAX_PX = 120
/** Within this distance a name is not shown twice. */
const NAMED_PX = 220
/** as in cursors.css */
const ASIDE_PX = 9
const BELOW_PX = 5
const HEIGHT_PX = 16

const HERE: Offset = { dx: 0, dy: 0 }

export function labelAt({ x, y }: Point, width: number, side: Side): Box {
  const left = side.endsWith('before') ? x - ASIDE_PX - width : x + ASIDE_PX
  const top = side.startsWith('below') ? y + BELOW_PX : y - BELOW_PX - HEIGHT_PX
  return { left, top, right: left + width, bottom: top + HEIGHT_PX }
}

/** Undefined: no side is free. `before`: the present side. */
export function sideOf(
  at: Point,
  width: number,
  words: readonly Box[],
  before: Side = 'below',
): Side | undefined {
  const isFree = (side: Side) => {
    const label = labelAt(at, width, side)
    return !words.some((word) => meet(label, word))
  }
  return isFree(before) ? before : SIDES.find(isFree)
}

/** The side of each name that is shown. `before`: of each pointer, the present side of its name. */
export function sidesOf(
  pointers: readonly Pointer[],
  words: readonly Words[],
  before: ReadonlyMap<string, Side>,
): Map<string, Side> {
  const sides = new Map<string, Side>()
  const labels: Box[] = []
  const dots = dotsOf(pointers)
  for (const { id, at, width } of shownFirst(pointers, before)) {
    if (isNamed(at, id, words)) continue
    const taken = [...words, ...labels, ...dots.filter((dot) => dot.id !== id)]
    const side = sideOf(at, width, taken, before.get(id))
    if (!side) continue
    sides.set(id, side)
    labels.push(labelAt(at, width, side))
  }
  return sides
}

/** So that names do not take turns. */
const shownFirst = (pointers: readonly Pointer[], shown: { has(id: string): boolean }) => [
  ...pointers.filter(({ id }) => shown.has(id)),
  ...pointers.filter(({ id }) => !shown.has(id)),
]

const dotsOf = (pointers: readonly Pointer[]) =>
  pointers.map(({ id, at: { x, y } }) => {
    const [left, right] = [x - DOT_RADIUS_PX, x + DOT_RADIUS_PX]
    return { id, left, right, top: y - DOT_RADIUS_PX, bottom: y + DOT_RADIUS_PX }
  })

/** Whether the name of this user is beside `at` already. */
export const isNamed = ({ x, y }: Point, userId: string, words: readonly Words[]) =>
  words.some((word) => word.nameOf === userId && distanceTo(word, x, y) < NAMED_PX)

export interface Pointer {
  readonly id: string
  readonly at: Point
  /** of its name */
  readonly width: number
}

/**
 * Of many pointers, those whose name is shown: where it lies on no text, no other pointer and no other name that is shown.
 * `before`: those that were shown.
 */
export function shownNames(
  pointers: readonly Pointer[],
  words: readonly Words[],
  before: ReadonlySet<string>,
): Set<string> {
  const shown = new Set<string>()
  const labels: Box[] = []
  const dots = dotsOf(pointers)
  for (const { id, at, width } of shownFirst(pointers, before)) {
    const label = labelAt(at, width, 'below')
    const covers = (box: Box) => meet(label, box)
    if (isNamed(at, id, words) || words.some(covers) || labels.some(covers)) continue
    if (dots.some((dot) => dot.id !== id && covers(dot))) continue
    labels.push(label)
    shown.add(id)
  }
  return shown
}

/** From a cursor's point to the nearest place beside the words; 0 where there is none. */
export function stepOff({ x, y }: Point, words: readonly Box[]): Offset {
  const near = words
    .filter((word) => distanceTo(word, x, y) < STEP_MAX_PX)
    .map((word) => grow(word, DOT_PX, DOT_PX))
  const cost = (dx: number, dy: number) => {
    const away = Math.hypot(dx, dy)
    return away < STEP_MAX_PX ? away : undefined
  }
  return freeOffset({ left: x, right: x, top: y, bottom: y }, near, cost) ?? HERE
}

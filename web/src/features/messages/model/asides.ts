/*
 * What is drawn for messages that are not text at their point: dots, and lines from a point to its text. Pure.
 */
import {
  distanceTo,
  grow,
  isCrossed,
  meet,
  nearestFree,
  type Box,
  type Offset,
} from '../../canvas/model/boxes'
import type { Point } from '../../canvas/model/camera'
import { REACH_PX, type Item } from './fit'
import { AT_ITS_POINT, type Aside, type Hung } from './place'

type PointOf = (each: Hung) => Point

export const DOT_PX = 26
/** Dots that move again in one layout at most. */
const AGAIN_MAX = 12
const LEADER_MIN_PX = 10

/** The nearest place of a dot that is free. Where there is none nearby, dots may cover each other, but never text. */
const dotPlace = (point: Box, words: readonly Box[], dots: readonly Box[]): Offset =>
  nearestFree(point, [...words, ...dots], REACH_PX) ??
  nearestFree(point, words, 3 * REACH_PX) ??
  AT_ITS_POINT

/** Puts dots where they cover neither text nor each other, near their points. `wasDot`: it has a place. */
export function putDots(
  dots: readonly Item[],
  wasDot: (item: Item) => boolean,
  words: Iterable<Item>,
  pointOf: PointOf,
) {
  const reach = DOT_PX / 2 + 1
  const texts: Box[] = []
  for (const { box, notice } of words) {
    texts.push(grow(box, reach, reach))
    if (notice) texts.push(grow(notice, reach, reach))
  }
  const others: Box[] = []
  const isTaken = (point: Box, dx: number, dy: number) =>
    [texts, others].some((boxes) => boxes.some((box) => meet(point, box, dx, dy)))
  let again = 0
  for (const item of dots) {
    const { x, y } = pointOf(item.each)
    const point = { left: x, right: x, top: y, bottom: y }
    let { dx, dy } = item.place
    const isKnown = wasDot(item)
    if ((!isKnown || again < AGAIN_MAX) && isTaken(point, dx, dy)) {
      if (isKnown) again += 1
      ;({ dx, dy } = dotPlace(point, texts, others))
      item.place = { ...item.place, dx, dy }
    }
    others.push(grow({ left: x + dx, right: x + dx, top: y + dy, bottom: y + dy }, DOT_PX, DOT_PX))
  }
}

/** The end of the line from a point to its text. Undefined: it is beside it, or other text is in between. */
export function leaderOf(item: Item, words: Iterable<Item>, pointOf: PointOf): Aside | undefined {
  const { place, box } = item
  if (place.dx === 0 && place.dy === 0) return undefined
  const { x, y } = pointOf(item.each)
  if (distanceTo(box, x, y) < LEADER_MIN_PX) return undefined
  const dx = Math.max(box.left - x, Math.min(0, box.right - x))
  const dy = Math.max(box.top - y, Math.min(0, box.bottom - y))
  for (const other of words) {
    if (other !== item && isCrossed(other.box, x, y, x + dx, y + dy)) return undefined
  }
  return { dx, dy }
}

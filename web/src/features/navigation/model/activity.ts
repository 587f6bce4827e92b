/*
 * Where people and messages are in a crowd (W166), and which part of the plane the server sends us whole (W160).
 *
 * Within our region we know each pointer and message, outside of it only how many there are. Pure: no DOM, no clocks.
 */
import type { ActivityFrame } from '@asocial/client/core/frames'
import type { Box } from '../../canvas/model/boxes'
import type { Point, Size } from '../../canvas/model/camera'
import type { Spot } from './spots'

/** as the server cuts the plane (W160, W164) */
export const CELL = 1_024
const MARGIN_CELLS = 1
export const MAX_CELLS = 12

export interface Place {
  readonly at: Point
  readonly people: number
  readonly messages: number
}

export interface Crowd {
  /** what the server sends us whole; undefined: everything */
  readonly region: Box | undefined
  /** the side of a place */
  readonly size: number
  /** by their middle; none: nothing is known yet, or the channel is small */
  readonly places: ReadonlyMap<string, Place>
}

/** The region of a view: the cells that it touches and one around, in world pixels. */
export function regionOf({ x, y }: Point, { width, height }: Size): Box {
  const [left, right] = span(x, width)
  const [top, bottom] = span(y, height)
  return { left, top, right, bottom }
}

function span(middle: number, length: number): [number, number] {
  let first = Math.floor((middle - length / 2) / CELL) - MARGIN_CELLS
  let last = Math.floor((middle + length / 2) / CELL) + MARGIN_CELLS
  if (last - first >= MAX_CELLS) {
    first = Math.floor(middle / CELL) - MAX_CELLS / 2
    last = first + MAX_CELLS - 1
  }
  return [first * CELL, (last + 1) * CELL]
}

export const isWithin = ({ left, top, right, bottom }: Box, { x, y }: Point) =>
  x >= left && x < right && y >= top && y < bottom

const keyOf = (x: number, y: number) => `#${x},${y}`

export function onActivity(crowd: Crowd, { size, whole, places: changed }: ActivityFrame): Crowd {
  const places = new Map(whole ? [] : crowd.places)
  for (const [x, y, people, messages] of changed) {
    if (people > 0 || messages > 0) places.set(keyOf(x, y), { at: { x, y }, people, messages })
    else places.delete(keyOf(x, y))
  }
  return { ...crowd, size, places }
}

const squareOf = ({ at }: Place, size: number): Box => ({
  left: at.x - size / 2,
  top: at.y - size / 2,
  right: at.x + size / 2,
  bottom: at.y + size / 2,
})

/** The places outside our region; `self`: where the server counts us. */
export function farPlaces({ region, size, places }: Crowd, self: Point | undefined): Place[] {
  const far: Place[] = []
  for (const place of region ? places.values() : []) {
    if (region && isWithin(region, place.at)) continue
    const us = self && isWithin(squareOf(place, size), self) ? 1 : 0
    const people = Math.max(0, place.people - us)
    if (people > 0 || place.messages > 0) far.push({ ...place, people })
  }
  return far
}

export const spotAt = ({ at, people, messages }: Place, size: number): Spot => ({
  id: keyOf(at.x, at.y),
  userId: undefined,
  kind: 'place',
  at,
  typing: false,
  people,
  messages,
  size,
})

/**
 * In a crowd, what is known of people and messages outside our region is out of date: places take its place. `kept`: a
 * user whose pointer we get wherever it is, because we follow them (W165).
 */
export function spotsInCrowd(
  near: readonly Spot[],
  crowd: Crowd,
  self: Point | undefined,
  kept: string | undefined,
): Spot[] {
  const { region, places } = crowd
  if (!region || places.size === 0) return [...near]
  return [
    ...near.filter(({ at, userId }) => isWithin(region, at) || (kept && userId === kept)),
    ...farPlaces(crowd, self).map((place) => spotAt(place, crowd.size)),
  ]
}

/*
 * How far text at the edge of the view is moved, so that all of it can be read: text that begins outside, and text that
 * ends there. It moves by no more than its own size, and never onto other text. Dots that it would lie on make room. Pure.
 */
import { meet, moved, nearestFree, type Box } from './boxes'
import type { Point } from './camera'

const STAYS: Point = { x: 0, y: 0 }
/** Lines are higher than their letters: so much of two texts may overlap. */
const SLACK_PX = 5

/** The least way that brings `from`..`to` into `min`..`max`; 0: it is there, it is not seen at all, or it is too long. */
function inward(from: number, to: number, min: number, max: number): number {
  if (to <= min || from >= max || to - from > max - min) return 0
  return from < min ? min - from : to > max ? max - to : 0
}

/** A dot moves no further, screen pixels. */
const DOT_REACH_PX = 240

const covers = (a: Box, b: Box) =>
  meet({ ...a, top: a.top + SLACK_PX }, { ...b, top: b.top + SLACK_PX })

/** The way of one box, whatever it then lies on. */
export const wayInto = (box: Box, frame: Box): Point =>
  meet(box, frame)
    ? {
        x: inward(box.left, box.right, frame.left, frame.right),
        y: inward(box.top, box.bottom, frame.top, frame.bottom),
      }
    : STAYS

/** One way for each of `boxes`, in screen pixels. The first boxes get their place first. */
export function nudgesOf(boxes: readonly Box[], frame: Box): Point[] {
  const placed = [...boxes]
  return boxes.map((box, i) => {
    const by = wayInto(box, frame)
    if (by.x === 0 && by.y === 0) return STAYS
    const next = moved(box, by.x, by.y)
    if (placed.some((other, k) => k !== i && covers(next, other))) return STAYS
    placed[i] = next
    return by
  })
}

/** One way for each dot, to the nearest place where it covers neither text nor a dot. */
export function nudgesOfDots(dots: readonly Box[], texts: readonly Box[]): Point[] {
  const placed = [...dots]
  return dots.map((dot, i) => {
    if (!texts.some((text) => meet(dot, text))) return STAYS
    const others = placed.filter((_, k) => k !== i)
    const free = nearestFree(dot, [...texts, ...others], DOT_REACH_PX)
    if (!free) return STAYS
    const by = { x: free.dx, y: free.dy }
    placed[i] = moved(dot, by.x, by.y)
    return by
  })
}

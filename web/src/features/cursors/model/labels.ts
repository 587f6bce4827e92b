/*
 * Where the name of a cursor lies: beside it, but never over text, which it would make unreadable.
 *
 * It tries four sides, its present one first so that the name stays where it is. If none is free, only the coloured dot is
 * shown. Screen pixels. Pure.
 */
import type { Point } from '../../canvas/model/camera'

export interface Rect {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export const SIDES = ['below', 'above', 'below-before', 'above-before'] as const
export type Side = (typeof SIDES)[number]

/** as in messages/messages.css */
const ASIDE_PX = 9
const BELOW_PX = 5
const HEIGHT_PX = 16

function labelAt({ x, y }: Point, width: number, side: Side): Rect {
  const left = side.endsWith('before') ? x - ASIDE_PX - width : x + ASIDE_PX
  const top = side.startsWith('below') ? y + BELOW_PX : y - BELOW_PX - HEIGHT_PX
  return { left, top, right: left + width, bottom: top + HEIGHT_PX }
}

const meet = (a: Rect, b: Rect) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

/** Undefined: no side is free. `before`: the present side. */
export function sideOf(
  at: Point,
  width: number,
  words: readonly Rect[],
  before: Side = 'below',
): Side | undefined {
  const isFree = (side: Side) => {
    const label = labelAt(at, width, side)
    return !words.some((word) => meet(label, word))
  }
  return isFree(before) ? before : SIDES.find(isFree)
}

/*
 * Where the notice of a message that was not sent lies, which says why and what to do: within the view, and as near as
 * possible above the message, where others have their name. The next line is written below. And where the label of a message
 * that is on its way lies. Pure.
 */
import {
  beyond,
  freeOffset,
  grow,
  meet,
  moved,
  nearestFree,
  type Box,
} from '../../canvas/model/boxes'
import type { Size } from '../../canvas/model/camera'

/** between it and what it must not cover, px */
const GAP_PX = 3
/** from the middle of a text beside it, px */
const SLACK_PX = 12
/** It moves no further. */
const REACH_PX = 1200
/** between the end of a text and its label, px */
const SPACE_PX = 9

export interface Around {
  readonly frame: Box
  /** what can be pressed at the edges */
  readonly controls: readonly Box[]
  /** other text */
  readonly texts: readonly Box[]
  /** of other messages */
  readonly notices: readonly Box[]
}

/** `text`: the message; `before`: the corner where the notice is, and stays if it can. All in pixels of the screen. */
export function noticePlace(
  text: Box,
  { width, height }: Size,
  rtl: boolean,
  { frame, controls, texts, notices }: Around,
  before?: Pick<Box, 'left' | 'top'>,
): Box {
  const at = (left: number, top: number): Box => ({
    ...{ left, top },
    ...{ right: left + width, bottom: top + height },
  })
  const left = rtl ? text.right - width : text.left
  const middle = (text.top + text.bottom - height) / 2
  const above = at(left, text.top - height)
  if (!meet(text, frame)) return above
  const [right, other] = [text.right + GAP_PX, text.left - GAP_PX - width]
  const sides = [
    ...[above, at(left, text.bottom)].map((side) => [side, along(side, text)] as const),
    ...(rtl ? [other, right] : [right, other]).map((x) => [at(x, middle), upright] as const),
  ]
  const stays = before && at(before.left, before.top)
  const never = [text, ...beyond(frame), ...apart(controls)]
  // Where there is no room it lies on other text, rather than on what can be pressed.
  for (const taken of [
    [...never, ...apart(notices), ...apart(texts)],
    [...never, ...apart(notices)],
    never,
  ]) {
    if (stays && !taken.some((box) => meet(stays, box))) return stays
    // At its side it is clear whose notice it is.
    for (const [start, cost] of sides) {
      const aside = freeOffset(start, taken, cost)
      if (aside) return moved(start, aside.dx, aside.dy)
    }
    const free = nearestFree(above, taken, REACH_PX)
    if (free) return moved(above, free.dx, free.dy)
  }
  return above
}

/**
 * After the end of the text, else above or below it; undefined: there is no room. `last`: the last line of the text.
 */
export function labelPlace(
  text: Box,
  last: Box,
  { width, height }: Size,
  rtl: boolean,
  { frame, controls, texts, notices }: Around,
): Box | undefined {
  const taken = [...beyond(frame), ...controls, ...texts, ...notices]
  const left = rtl ? text.right - width : text.left
  const after = rtl ? last.left - SPACE_PX - width : last.right + SPACE_PX
  return [
    [after, last.bottom - height] as const,
    [left, text.top - height] as const,
    [left, text.bottom] as const,
  ]
    .map(([x, y]): Box => ({ left: x, top: y, right: x + width, bottom: y + height }))
    .find((place) => !taken.some((box) => meet(place, box)))
}

/** Above or below the text it may be moved along it. */
const along = (side: Box, text: Box) => (dx: number, dy: number) =>
  dy === 0 && side.left + dx < text.right && text.left < side.right + dx ? Math.abs(dx) : undefined

/** Beside the text it stays on its height. */
const upright = (dx: number, dy: number) =>
  dx === 0 && Math.abs(dy) <= SLACK_PX ? Math.abs(dy) : undefined

const apart = (boxes: readonly Box[]) => boxes.map((box) => grow(box, GAP_PX, GAP_PX))

/*
 * Where the notice of a message that was not sent lies, which says why and what to do: within the view, and as near as
 * possible above the message, where others have their name. The next line is written below. Where there is no room for all
 * of it, only its buttons are shown. And where the label of a message that is on its way lies. Pure.
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
/** What is written goes on to there, px. */
const GROWTH_PX = 200

export interface Around {
  readonly frame: Box
  /** what can be pressed at the edges */
  readonly controls: readonly Box[]
  /** other text */
  readonly texts: readonly Box[]
  /** the text that is written now */
  readonly written: readonly Box[]
  /** of other messages */
  readonly notices: readonly Box[]
}

export interface NoticePlace {
  readonly box: Box
  /** the reason is left out */
  readonly short: boolean
}

/**
 * `text`: the message; `whole`, `short`: the notice with the reason and without; `before`: where it is, and stays if it can.
 * All in pixels of the screen. Undefined: there is no room for it.
 */
export function noticePlace(
  text: Box,
  whole: Size,
  short: Size,
  rtl: boolean,
  { frame, controls, texts, written, notices }: Around,
  before?: NoticePlace,
): NoticePlace | undefined {
  if (!meet(text, frame)) return { box: above(text, whole, rtl), short: false }
  const never = [text, ...beyond(frame), ...apart(controls), ...apart(notices), ...apart(written)]
  const clear = [...never, ...apart(texts)]
  const growing = [...clear, ...written.map((box) => grow(box, GROWTH_PX, 0))]
  const tries = [
    [growing, whole],
    [clear, whole],
    [growing, short],
    [clear, short],
    // Where there is no room it lies on other text, but not on what is pressed or written.
    [never, short],
  ] as const
  for (const [taken, size] of tries) {
    const isShort = size === short && size !== whole
    const box = placeOf(text, size, rtl, taken, before?.short === isShort ? before.box : undefined)
    if (box) return { box, short: isShort }
  }
  return undefined
}

/** The place of a notice of that size among boxes that are taken. `before`: its corner, where it stays if it can. */
function placeOf(
  text: Box,
  size: Size,
  rtl: boolean,
  taken: readonly Box[],
  before: Pick<Box, 'left' | 'top'> | undefined,
): Box | undefined {
  const stays = before && boxAt(before.left, before.top, size)
  if (stays && !taken.some((box) => meet(stays, box))) return stays
  const { width, height } = size
  const up = above(text, size, rtl)
  const middle = (text.top + text.bottom - height) / 2
  const [right, other] = [text.right + GAP_PX, text.left - GAP_PX - width]
  const sides = [
    ...[up, boxAt(up.left, text.bottom, size)].map((side) => [side, along(side, text)] as const),
    ...(rtl ? [other, right] : [right, other]).map(
      (x) => [boxAt(x, middle, size), upright] as const,
    ),
  ]
  // At its side it is clear whose notice it is.
  for (const [start, cost] of sides) {
    const aside = freeOffset(start, taken, cost)
    if (aside) return moved(start, aside.dx, aside.dy)
  }
  const free = nearestFree(up, taken, REACH_PX)
  return free && moved(up, free.dx, free.dy)
}

const boxAt = (left: number, top: number, { width, height }: Size): Box => ({
  ...{ left, top },
  ...{ right: left + width, bottom: top + height },
})

const above = (text: Box, size: Size, rtl: boolean) =>
  boxAt(rtl ? text.right - size.width : text.left, text.top - size.height, size)

/**
 * After the end of the text, else above or below it; undefined: there is no room. `last`: the last line of the text.
 */
export function labelPlace(
  text: Box,
  last: Box,
  { width, height }: Size,
  rtl: boolean,
  { frame, controls, texts, written, notices }: Around,
): Box | undefined {
  const taken = [...beyond(frame), ...controls, ...texts, ...written, ...notices]
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

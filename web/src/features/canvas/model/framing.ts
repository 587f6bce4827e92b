/*
 * Which view shows what is there: people and text, each a point of the plane and a box around it that has its size on the
 * screen. Pure.
 */
import type { Box } from './boxes'
import { textScale, type Camera, type Point, type Size } from './camera'

export interface Placed {
  readonly at: Point
  /** around the point, px at text scale 1 */
  readonly box: Box
}

/** Zooms to try, nearest first. Below the last one text would not get smaller, only closer together. */
const ZOOMS = [1, 0.86, 0.72]

/** What text can be wide on a view: as in messages/messages.css, px at text scale 1. */
export const widestOn = ({ width }: Size, zoom: number) =>
  Math.min(420, Math.max(40, (width - 56) / textScale(zoom)))

/** In px of the screen, counted from the middle of the world. */
function boxOf({ at, box }: Placed, zoom: number): Box {
  const scale = textScale(zoom)
  return {
    left: at.x * zoom + box.left * scale,
    top: at.y * zoom + box.top * scale,
    right: at.x * zoom + box.right * scale,
    bottom: at.y * zoom + box.bottom * scale,
  }
}

const around = (a: Box, b: Box): Box => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom),
})

/** Whether all of `list` lies within the view, less `insets` at its edges. */
export function showsAll(
  list: readonly Placed[],
  { x, y, zoom }: Camera,
  { width, height }: Size,
  insets: Box,
): boolean {
  const [middleX, middleY] = [width / 2 - x * zoom, height / 2 - y * zoom]
  return list.every((each) => {
    const { left, top, right, bottom } = boxOf(each, zoom)
    return (
      left + middleX >= insets.left &&
      top + middleY >= insets.top &&
      right + middleX <= width - insets.right &&
      bottom + middleY <= height - insets.bottom
    )
  })
}

/** The view at this zoom that shows the first of `list`, and as many of the others as fit; and how many those are. */
function framed(list: readonly Placed[], { width, height }: Size, insets: Box, zoom: number) {
  const room = {
    width: width - insets.left - insets.right,
    height: height - insets.top - insets.bottom,
  }
  let all: Box | undefined
  let count = 0
  for (const each of list) {
    const own = boxOf(each, zoom)
    const both = all ? around(all, own) : own
    const tooLarge = both.right - both.left > room.width || both.bottom - both.top > room.height
    if (all && tooLarge) continue
    all = both
    count += 1
  }
  if (!all) return undefined
  const camera: Camera = {
    x: (all.left + all.right - insets.left + insets.right) / 2 / zoom,
    y: (all.top + all.bottom - insets.top + insets.bottom) / 2 / zoom,
    zoom,
  }
  return { camera, count }
}

/** The view at this zoom that shows the first of `list`, and as many of the others as fit. */
export function frameAt(
  list: readonly Placed[],
  view: Size,
  insets: Box,
  zoom: number,
): Camera | undefined {
  return framed(list, view, insets, zoom)?.camera
}

/** The same at the nearest zoom that shows them all, else at the farthest at which they are still read. */
export function frameAll(
  list: (zoom: number) => readonly Placed[],
  view: Size,
  insets: Box,
): Camera | undefined {
  let found: Camera | undefined
  for (const zoom of ZOOMS) {
    const all = list(zoom)
    const next = framed(all, view, insets, zoom)
    found = next?.camera
    if (next?.count === all.length) break
  }
  return found
}

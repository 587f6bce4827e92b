/*
 * What a visitor of a page shows, for a channel that is a crowd (W160): the people in this part of the document are heard and
 * seen. Pure.
 *
 * A narrow page is longer, so visitors with other widths have the same content elsewhere. The view holds these places too.
 */
import { CELL, MAX_CELLS } from '../src/features/navigation/model/activity.ts'

export interface Shows {
  readonly scrollY: number
  readonly width: number
  readonly height: number
}

/** The middle and the size, in the document's coordinates. */
export interface View {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The widths of a column of text on a phone, and on the widest page. */
const NARROWEST = 390
const WIDEST = 800
/** A document is centred, and a visitor with a wide window may point beside it. */
const LEAST_WIDTH = 1_920
/** A region has at most MAX_CELLS in each direction (W164). */
const MOST_HEIGHT = (MAX_CELLS - 1) * CELL

/** `flows`: places belong to the content, which other widths have elsewhere. */
export function viewOf({ scrollY, width, height }: Shows, flows: boolean): View {
  const column = Math.min(Math.max(width, NARROWEST), WIDEST)
  const most = flows ? column / NARROWEST : 1
  const least = flows ? column / WIDEST : 1
  let top = scrollY * least - height
  let bottom = (scrollY + height) * most + height
  const tooHigh = bottom - top - MOST_HEIGHT
  if (tooHigh > 0) {
    // What is farther from the visitor's own window goes first.
    const above = scrollY - top
    const below = bottom - scrollY - height
    if (above > below) top += tooHigh
    else bottom -= tooHigh
  }
  return {
    x: 0,
    y: Math.round((top + bottom) / 2),
    width: Math.max(LEAST_WIDTH, width),
    height: Math.round(bottom - top),
  }
}

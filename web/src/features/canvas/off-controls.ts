/*
 * How far the text that is written must move to lie on nothing at the edges. The notices there, and the line with Undo, go
 * away by themselves, and keep off the text (people/Notices.tsx, app/ToastLine.tsx).
 */
import { beyond, grow, meet, nearestFree, type Box, type Offset } from './model/boxes'
import { AT_EDGES, boxesOf } from './text-boxes'

const CONTROLS = `${AT_EDGES}, section.panel`
/** between the text and a control */
const APART_PX = 4
/** It moves no further. */
const REACH_PX = 1000

/** Undefined: it lies on none, or there is no room beside them. */
export function offControls(own: Box, frame: Box): Offset | undefined {
  const controls = boxesOf(CONTROLS, (each) => !each.matches('[data-testid="notices"]'))
  const taken = controls.map((each) => grow(each, APART_PX, APART_PX))
  if (!taken.some((each) => meet(own, each))) return undefined
  return nearestFree(own, [...taken, ...beyond(frame)], REACH_PX)
}

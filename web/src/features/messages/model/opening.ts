/*
 * Where a caret opens: at the point that was touched, or, where other text is in the way, in the nearest free place, below
 * first. Pixels at text scale 1. Pure.
 */
import type { Point } from '../../canvas/model/camera'
import { freeOffset, grow, type Box } from '../../canvas/model/boxes'
import { GAP, NAME_PX, NARROWEST_PX } from './fit'
import { LINE_PX } from './place'

export interface TextBox extends Box {
  readonly mine: boolean
}

/** Further away it would not be where one looks. */
const FAR = { x: 240, y: 320 }
/** px; a place above must be nearer than one below by this */
const ABOVE_PX = 40
/** Room to write in: the first of these that is found near enough, else the last. */
const ROOMS = [
  { width: 240, height: LINE_PX, within: 70 },
  { width: NARROWEST_PX, height: 2 * LINE_PX, within: 70 },
  { width: NARROWEST_PX, height: LINE_PX, within: Infinity },
]

/** `taken`: all text that is shown. `view`: where the caret must stay. */
export function openingAt(at: Point, taken: readonly TextBox[], view: Box): Point {
  const others = taken.map((box) => {
    const around = grow(box, GAP.x, GAP.y)
    // Others see our name above our words, but not between two lines of ours.
    return { ...around, bottom: around.bottom + (box.mine ? 0 : NAME_PX) }
  })
  const isSeen = (x: number, y: number) =>
    x >= view.left && x <= view.right && y >= view.top && y <= view.bottom
  for (const { width, height, within } of ROOMS) {
    const top = at.y - LINE_PX / 2
    const room = { left: at.x, top, right: at.x + width, bottom: top + height }
    const aside = freeOffset(room, others, (dx, dy) => {
      if (dx === 0 && dy === 0) return 0
      const away = (dy < 0 ? ABOVE_PX - dy : dy) + 2 * Math.abs(dx)
      const isFar = Math.abs(dx) > FAR.x || Math.abs(dy) > FAR.y || away > within
      return isFar || !isSeen(at.x + dx, at.y + dy) ? undefined : away
    })
    if (!aside) continue
    const { dx, dy } = aside
    return dx === 0 && dy === 0 ? at : { x: at.x + dx, y: at.y + dy }
  }
  return at
}

/*
 * Where text is on the screen, for what must not cover it. Only the browser knows how text was broken into lines, so it is
 * measured, a few times a second at most, and when a caret opens.
 */
import { textScale, type Point } from '../canvas/model/camera'
import { GROWTH_PX } from './model/fit'
import { openingAt, type TextBox } from './model/opening'
import type { App } from '../../stores/app'

export interface WordBox extends TextBox {
  /** the author, if it is a name; pointers do not repeat it */
  readonly nameOf: string | undefined
  /** somebody is writing it */
  readonly grows: boolean
}

const WORDS = '.world :is(p.words, .author, .dot, .unsent), .caret[data-open] .mirror'
/** the caret's mirror with no text in it */
const NOTHING_YET = '\u200b'
/** around what is shown, screen pixels */
const EDGE_PX = 20

/** `around`: the plane, whose corner the boxes are counted from, or something on it. */
export function wordsOn(around: Element | null | undefined): WordBox[] {
  const plane = around?.closest('.plane')
  if (!plane) return []
  const corner = plane.getBoundingClientRect()
  const range = document.createRange()
  const boxes: WordBox[] = []
  for (const each of plane.querySelectorAll(WORDS)) {
    const isName = each.classList.contains('author')
    const isOurs = each.classList.contains('mirror')
    if (isOurs && each.textContent === NOTHING_YET) continue
    // The element of a name has no width.
    range.selectNodeContents(each)
    const { left, top, right, bottom } = (isName ? range : each).getBoundingClientRect()
    // The text of a dot is hidden.
    if (left === right) continue
    const { userId, mine, state } = each.closest<HTMLElement>('.anchor')?.dataset ?? {}
    boxes.push({
      left: left - corner.left,
      top: top - corner.top,
      right: right - corner.left,
      bottom: bottom - corner.top,
      mine: isOurs || mine !== undefined,
      nameOf: isName ? userId : undefined,
      grows: state === 'draft',
    })
  }
  return boxes
}

/** The place for a caret that is to open at a world point. */
export function freePlace(at: Point, app: App): Point {
  const { camera, view } = app.camera.store.getState()
  const scale = textScale(camera.zoom)
  const taken = wordsOn(document.querySelector('.plane > .world')).map((box) => ({
    left: box.left / scale,
    top: box.top / scale,
    right: box.right / scale + (box.grows ? GROWTH_PX : 0),
    bottom: box.bottom / scale,
    mine: box.mine,
  }))
  const { x, y } = app.camera.toScreen(at)
  const from = { x: x / scale, y: y / scale }
  const to = openingAt(from, taken, {
    left: EDGE_PX / scale,
    top: EDGE_PX / scale,
    right: (view.width - EDGE_PX) / scale,
    bottom: (view.height - EDGE_PX) / scale,
  })
  // Not through the screen and back, which would round it.
  return to === from ? at : app.camera.toWorld({ x: to.x * scale, y: to.y * scale })
}

/*
 * Where text is on the screen, for what must not cover it. Only the browser knows how text was broken into lines, so it is
 * measured, a few times a second at most.
 */
import type { Rect } from '../model/labels'

/** `around`: the plane, whose corner the rectangles are counted from. */
export function wordsOn(around: Element | null | undefined): Rect[] {
  const plane = around?.closest('.plane')
  if (!plane) return []
  const corner = plane.getBoundingClientRect()
  const words = plane.querySelectorAll('.world :is(p.words, .author), .caret[data-open] .mirror')
  return Array.from(words, (each) => {
    const { left, top, right, bottom } = each.getBoundingClientRect()
    return {
      left: left - corner.left,
      top: top - corner.top,
      right: right - corner.left,
      bottom: bottom - corner.top,
    }
  })
}

/*
 * Where words are on the screen just now, for what must not lie over them.
 *
 * Asked of the browser, a few times a second at most, in a frame of its own: nothing else knows how words were broken
 * into lines.
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

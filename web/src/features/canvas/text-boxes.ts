/*
 * Where text is on the screen. Only the browser knows how it was broken into lines, so it is measured: a few times a
 * second at most.
 */
import type { Box } from './model/boxes'
import type { Size } from './model/camera'
import { safeArea } from '../../shared/ui/safe-area'

export interface TextBox extends Box {
  /** the element at its point of the plane */
  readonly anchor: HTMLElement
}

/** Selectors. What lies at the edges, besides panels; where one writes. */
export const AT_EDGES = '.edge > :not(.scrim, .panel), .following, .minimap'
export const CARET = '.caret[data-open] textarea'
/** And what is on the plane besides messages. */
const OTHER = `${AT_EDGES}, ${CARET}, .cursor > *, .invitation p, .cluster, .dot, .unsent`
const EDGE_PX = 10

/** Rectangles are counted from the corner of the plane. */
export const cornerOf = () => document.querySelector('.plane')?.getBoundingClientRect()

/** The texts of messages and others' drafts, with their authors' names. */
export function textBoxes(): TextBox[] {
  const corner = cornerOf()
  const found: TextBox[] = []
  if (!corner) return found
  for (const words of document.querySelectorAll<HTMLElement>('.world p.words')) {
    const anchor = words.closest<HTMLElement>('.anchor')
    if (!anchor || anchor.dataset.dot === 'shut') continue
    const author = words.parentElement?.querySelector('.author')
    const box = boxOf(words, corner)
    found.push({ ...box, anchor, top: author ? boxOf(author, corner).top : box.top })
  }
  return found
}

/** The dots that stand for messages without room. */
export function dotBoxes(): TextBox[] {
  const corner = cornerOf()
  if (!corner) return []
  return [...document.querySelectorAll('.world [data-dot="shut"] .dot')].flatMap((dot) => {
    const anchor = dot.closest<HTMLElement>('.anchor')
    return anchor ? [{ ...boxOf(dot, corner), anchor }] : []
  })
}

/** What else must stay readable and within reach. */
export const otherBoxes = () => boxesOf(OTHER)

/** Of the elements that can be seen. */
export function boxesOf(selector: string, counts: (each: Element) => boolean = () => true): Box[] {
  const corner = cornerOf()
  if (!corner) return []
  return [...document.querySelectorAll(selector)]
    .filter(
      (each) => (each.checkVisibility?.({ visibilityProperty: true }) ?? true) && counts(each),
    )
    .map((each) => boxOf(each, corner))
    .filter(({ left, right, top, bottom }) => right > left && bottom > top)
}

/** Where all of a text is seen. */
export function frameOf({ width, height }: Size): Box {
  const safe = safeArea()
  return {
    left: Math.max(EDGE_PX, safe.left),
    top: Math.max(EDGE_PX, safe.top),
    right: width - Math.max(EDGE_PX, safe.right),
    bottom: height - Math.max(EDGE_PX, safe.bottom),
  }
}

export function boxOf(element: Element, corner: DOMRect): Box {
  const { left, top, right, bottom } = element.getBoundingClientRect()
  return {
    left: left - corner.left,
    top: top - corner.top,
    right: right - corner.left,
    bottom: bottom - corner.top,
  }
}

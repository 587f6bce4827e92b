/*
 * Points of the window to places of the page, and back. It reads the page and changes nothing in it.
 */
import {
  alongOf,
  follow,
  nameOf,
  offsetOf,
  readAnchor,
  search,
  writeAnchor,
  type Anchor,
} from './anchor.ts'
import type { Options } from './options.ts'
import { viewOf, type View } from './view.ts'

export interface Place {
  readonly x: number
  readonly y: number
  readonly anchor?: string | undefined
}

/** A point of the window, in CSS pixels. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** Where the text of a page is; a quote is searched for in these. */
const TEXTS =
  'p,li,h1,h2,h3,h4,h5,h6,td,th,dt,dd,pre,blockquote,figcaption,summary,a,button,label,div,section'
const SEARCHED = 3_000
/** a search that found nothing is made again after this time */
const SEARCH_AGAIN_MS = 1_000
/** an element that is higher, and has elements inside, is a container: the point belongs to something nearer */
const CONTAINER_PX = 240
/** how far above and below a point something nearer is looked for */
const NEARBY_PX = [0, 10, -10, 24, -24, 48, -48, 80, -80]
const INLINE = /^inline|^ruby|^contents/

interface Found {
  element: Element | undefined
  /** the elements that cut off what they scroll */
  scrollers: readonly Element[]
  readonly searchedAt: number
}

export function createPlaces(kind: Options['anchor'], host: Element, now: () => number) {
  const found = new Map<string, Found>()
  const byId = (id: string) => document.getElementById(id)

  const under = (x: number, y: number) =>
    document
      .elementsFromPoint(x, y)
      .find((each) => each !== host && each !== document.documentElement)

  function isContainer(element: Element): boolean {
    return (
      element === document.body ||
      (element.childElementCount > 0 && element.getBoundingClientRect().height > CONTAINER_PX)
    )
  }

  /** The paragraph, picture or the like that the point is in, or beside. */
  function nearest({ x, y }: Point): Element {
    let element = under(x, y) ?? document.body
    if (isContainer(element)) {
      const box = element.getBoundingClientRect()
      const middle = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2
      const inside = element
      // Not by flatMap, which old libraries replace or take away.
      const nearer: { across: number; down: number }[] = []
      for (const across of [x, middle, (middle + box.left) / 2, (middle + box.right) / 2]) {
        for (const down of NEARBY_PX) nearer.push({ across, down })
      }
      nearer.sort((a, b) => Math.abs(a.down) - Math.abs(b.down))
      for (const { across, down } of nearer) {
        const other = under(across, y + down)
        if (other && other !== inside && inside.contains(other) && !isContainer(other)) {
          element = other
          break
        }
      }
    }
    while (
      element.parentElement &&
      element !== document.body &&
      INLINE.test(getComputedStyle(element).display)
    ) {
      element = element.parentElement
    }
    return element
  }

  /** Without the scroll bar, in pixels of the window also where the page has CSS zoom. */
  const middleOfWindow = () => {
    const { left, width } = host.getBoundingClientRect()
    return left + width / 2
  }

  /** The page's own coordinates: across from its middle, down from its top. */
  const onDocument = ({ x, y }: Point): Place => ({
    x: Math.round(x - middleOfWindow()),
    y: Math.round(y + (kind === 'none' ? 0 : scrollY)),
  })

  function anchorOf(point: Point): string {
    const element = nearest(point)
    const name = nameOf(element, document.body, byId)
    if (!name) return ''
    const box = element.getBoundingClientRect()
    const x = alongOf(point.x, box.left, box.width)
    const y = alongOf(point.y, box.top, box.height)
    return writeAnchor({ ...name, x, y })
  }

  function find(anchor: Anchor): Element | undefined {
    const there = follow(anchor, document.body, byId)
    if (there) return there as Element
    const texts = document.body.querySelectorAll(TEXTS)
    return search(anchor, Array.prototype.slice.call(texts, 0, SEARCHED)) as Element | undefined
  }

  function scrollersOf(element: Element): Element[] {
    const scrollers: Element[] = []
    for (let at = element.parentElement; at && at !== document.body; at = at.parentElement) {
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(at).overflowY)) scrollers.push(at)
    }
    return scrollers
  }

  function elementOf(text: string, anchor: Anchor): Found {
    const key = text.slice(0, text.lastIndexOf('/', text.lastIndexOf('/') - 1))
    const known = found.get(key)
    if (
      known?.element
        ? known.element.isConnected
        : known && now() - known.searchedAt < SEARCH_AGAIN_MS
    ) {
      return known as Found
    }
    if (found.size > 500) found.clear()
    const element = find(anchor)
    const made = { element, scrollers: element ? scrollersOf(element) : [], searchedAt: now() }
    found.set(key, made)
    return made
  }

  return {
    placeAt(point: Point): Place {
      const place = onDocument(point)
      return kind === 'content' ? { ...place, anchor: anchorOf(point) } : place
    },

    /** Where the place is in the window now. Undefined: it is scrolled out of a part of the page. */
    pointOf(place: Place): Point | undefined {
      const anchor = kind === 'content' ? readAnchor(place.anchor) : undefined
      const there = anchor && elementOf(place.anchor ?? '', anchor)
      const box = there?.element?.getBoundingClientRect()
      if (anchor && there && box && (box.width > 0 || box.height > 0)) {
        const x = box.left + offsetOf(anchor.x, box.width)
        const y = box.top + offsetOf(anchor.y, box.height)
        const isCutOff = there.scrollers.some((scroller) => {
          const { top, bottom } = scroller.getBoundingClientRect()
          return y < top - 8 || y > bottom + 8
        })
        return isCutOff ? undefined : { x, y }
      }
      return {
        x: place.x + middleOfWindow(),
        y: place.y - (kind === 'none' ? 0 : scrollY),
      }
    },

    /** Reads no box of the page, so that it does not lay the page out. */
    view(): View {
      const { innerWidth: width, innerHeight: height } = window
      const from = kind === 'none' ? 0 : scrollY
      return viewOf({ scrollY: from, width, height }, kind === 'content')
    },

    /** The page's content may be another one. */
    forget: () => found.clear(),
  }
}

export type Places = ReturnType<typeof createPlaces>

/*
 * What people say and where they point, painted over the page. Each item stays at its place of the page while it scrolls and
 * is laid out again. Nothing runs while there is nothing to show.
 */
import { partsOf } from '../src/features/messages/model/links.ts'
import { ink } from '../src/shared/palette.ts'
import type { Place, Places } from './page-anchor.ts'

/** a pointer that has not moved for so long goes */
const POINTER_MS = 10_000
/** the end of a life in which a message fades */
const FADE_MS = 1_200
const EDGE_PX = 4
/** after so many frames without a move, places are looked at less often */
const STILL_FRAMES = 20
const STILL_MS = 100

interface Item {
  readonly element: HTMLElement
  readonly kind: 'message' | 'draft' | 'pointer'
  place: Place
  width: number
  /** its transform */
  at: string
  touchedAt: number
}

export interface Shown {
  readonly key: string
  readonly kind: Item['kind']
  readonly place: Place
  readonly color: string
  readonly name: string
  readonly text: string
  readonly mine?: boolean
  /** how long it still lives; absent: until it is removed */
  readonly livesMs?: number
  /** for owners: a control that removes its author */
  readonly tool?: HTMLElement | undefined
}

export function createLayer(
  root: HTMLElement,
  places: Places,
  maxPointers: number,
  now: () => number,
) {
  const items = new Map<string, Item>()
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let stillFrames = 0

  /** Each frame from now on, until nothing moves. */
  function wake() {
    clearTimeout(timer)
    stillFrames = 0
    if (items.size > 0) frame ||= requestAnimationFrame(paint)
  }

  function paintAgain() {
    frame = 0
    if (items.size === 0) return
    const soon = () => (frame ||= requestAnimationFrame(paint))
    if (stillFrames < STILL_FRAMES) soon()
    else timer = setTimeout(soon, STILL_MS)
  }

  function paint() {
    stillFrames += 1
    const viewport = root.clientWidth
    // All reads, then all writes, so that the page is laid out once.
    const points = [...items].map(([key, item]) => {
      if (item.kind === 'pointer' && now() - item.touchedAt > POINTER_MS) {
        remove(key)
        return undefined
      }
      if (item.width < 0) item.width = item.element.offsetWidth
      return { item, point: places.pointOf(item.place) }
    })
    for (const each of points) {
      if (!each) continue
      const { style } = each.item.element
      const { point } = each
      const isSeen = point && point.y > -200 && point.y < innerHeight + 200
      style.visibility = isSeen ? 'visible' : 'hidden'
      if (!isSeen) continue
      const most = viewport - each.item.width - EDGE_PX
      const x = each.item.kind === 'pointer' ? point.x : Math.max(EDGE_PX, Math.min(point.x, most))
      const at = `translate(${Math.round(x)}px, ${Math.round(point.y)}px)`
      if (at === each.item.at) continue
      each.item.at = style.transform = at
      stillFrames = 0
    }
    paintAgain()
  }

  function remove(key: string) {
    items.get(key)?.element.remove()
    items.delete(key)
  }

  function limitPointers() {
    const pointers = [...items].filter(([, { kind }]) => kind === 'pointer')
    pointers.sort(([, a], [, b]) => a.touchedAt - b.touchedAt)
    for (const [key] of pointers.slice(0, Math.max(0, pointers.length - maxPointers))) remove(key)
  }

  return {
    show(shown: Shown) {
      const { key, kind, place, color, name, text, livesMs } = shown
      let item = items.get(key)
      if (item && item.kind !== kind) {
        remove(key)
        item = undefined
      }
      if (!item) {
        const element = document.createElement('div')
        element.className = 'item'
        item = { element, kind, place, width: -1, at: '', touchedAt: 0 }
        items.set(key, item)
        root.append(element)
      }
      item.place = place
      item.touchedAt = now()
      const { element } = item
      element.dataset.kind = kind
      element.toggleAttribute('data-mine', shown.mine === true)
      element.style.color = ink(color)
      if (element.dataset.text !== `${name}\n${text}`) {
        element.dataset.text = `${name}\n${text}`
        element.replaceChildren(...contentOf(shown))
        item.width = -1
      }
      if (livesMs !== undefined && livesMs > 0) {
        const fadesMs = calm.matches ? 0 : Math.min(FADE_MS, livesMs)
        element.animate([{ opacity: 1 }, { opacity: 0 }], {
          duration: fadesMs,
          delay: livesMs - fadesMs,
          fill: 'forwards',
        })
      }
      if (kind === 'pointer') limitPointers()
      wake()
    },
    remove,
    /** The page may be somewhere else in the window. */
    wake,
    clear(kind?: Item['kind']) {
      for (const [key, item] of items) if (!kind || item.kind === kind) remove(key)
    },
    destroy() {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
      for (const key of items.keys()) remove(key)
    },
  }
}

export type Layer = ReturnType<typeof createLayer>

function contentOf({ kind, name, text, tool }: Shown): Node[] {
  const label = document.createElement('bdi')
  label.className = 'name'
  label.textContent = name
  if (kind === 'pointer') {
    const dot = document.createElement('span')
    dot.className = 'dot'
    return [dot, label]
  }
  const words = document.createElement('bdi')
  words.className = 'text'
  words.dir = 'auto'
  for (const part of partsOf(text)) {
    if (typeof part === 'string') {
      words.append(part)
      continue
    }
    const link = document.createElement('a')
    link.href = part.href
    link.textContent = part.text
    link.target = '_blank'
    link.rel = 'noopener noreferrer nofollow'
    words.append(link)
  }
  return [label, words, ...(tool ? [tool] : [])]
}

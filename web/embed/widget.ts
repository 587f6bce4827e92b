/*
 * Everything that is shown: a Shadow DOM with the button, what is said, and the caret. `createWidget` changes the page only by
 * adding its one element, and `destroy` takes all of it away.
 */
import { openCaret, type Caret } from './caret.ts'
import { createCorner } from './corner.ts'
import { createLayer } from './layer.ts'
import type { Options } from './options.ts'
import { createPlaces, type Place } from './page-anchor.ts'
import { themeOfPage } from './page-theme.ts'
import { passScrolling } from './scrolling.ts'
import { STYLE } from './style.ts'
import type { Words } from './words.ts'

export interface WidgetEvents {
  /** talking is turned on or off */
  talking(on: boolean): void
  typed(place: Place, text: string): void
  said(place: Place, text: string): void
  /** the draft was given up */
  dropped(): void
  pointed(place: Place): void
  /** another part of the page may be shown */
  viewed(): void
  cleared(): void
}

/** A pointer's place is looked for at most so often: that asks the page what lies under it. */
const POINTED_MS = 50

/** A visitor who scrolls says so often what is shown. */
const VIEWED_MS = 250

/** Events that end at our element, so that the page does not take them for its own. */
const OURS = [
  ...['click', 'dblclick', 'auxclick', 'contextmenu', 'mousedown', 'mouseup', 'pointerdown'],
  ...[
    'pointerup',
    'touchstart',
    'touchmove',
    'touchend',
    'input',
    'beforeinput',
    'change',
    'focusin',
    'focusout',
  ],
  ...['copy', 'cut', 'paste'],
]

export function createWidget(
  options: Options,
  words: Words,
  language: string,
  events: WidgetEvents,
) {
  const host = document.createElement('asocial-embed')
  const shadow = host.attachShadow({ mode: 'closed' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(STYLE)
  shadow.adoptedStyleSheets = [sheet]

  const make = <Name extends keyof HTMLElementTagNameMap>(name: Name, className: string) => {
    const element = document.createElement(name)
    element.className = className
    return element
  }
  const root = make('div', 'root')
  root.lang = language
  root.dir = language === 'ar' ? 'rtl' : 'ltr'
  if (CSS.supports('color', options.accent)) root.style.setProperty('--accent', options.accent)
  const catcher = make('div', 'catcher')
  const itemsBox = make('div', 'items')
  const bar = make('div', 'bar')
  bar.dataset.side = options.button
  const status = make('p', 'status')
  status.setAttribute('role', 'status')
  const row = make('div', 'row')
  const clear = make('button', 'clear')
  clear.type = 'button'
  clear.textContent = words.clear
  const talk = make('button', 'talk')
  talk.type = 'button'
  row.append(clear, talk)
  row.hidden = options.button === 'none'
  bar.append(status, row)
  root.append(catcher, itemsBox, bar)
  shadow.append(root)

  const now = () => performance.now()
  const places = createPlaces(options.anchor, host, now)
  const layer = createLayer(itemsBox, places, options.maxPointers, now)
  const corner = createCorner(bar, row, host)
  const stopping = new AbortController()
  const { signal } = stopping
  let caret: Caret | undefined
  let isTalking = false
  let scrolling = new AbortController()
  let count = 0
  let pointed = { x: 0, y: 0 }
  let pointedTimer: ReturnType<typeof setTimeout> | undefined
  let viewedTimer: ReturnType<typeof setTimeout> | undefined
  let note = ''

  function label() {
    const text = isTalking ? words.stop : words.talk
    talk.textContent = count > 1 ? `${text} · ${words.here(count)}` : text
    talk.setAttribute('aria-pressed', `${isTalking}`)
    status.textContent = note || (isTalking && !caret ? words.write : '')
  }

  function endCaret() {
    caret?.close()
    caret = undefined
    label()
  }

  function setTalking(on: boolean) {
    if (on === isTalking) return
    isTalking = on
    // Listeners that may stop scrolling: browsers wait for those, so a page has none of ours while nobody talks.
    scrolling.abort()
    scrolling = new AbortController()
    if (on) passScrolling(catcher, host, scrolling.signal)
    root.toggleAttribute('data-talking', on)
    if (!on && caret) {
      events.dropped()
      endCaret()
    }
    label()
    events.talking(on)
  }

  function write(place: Place, text = '') {
    if (caret) {
      events.dropped()
      endCaret()
    }
    note = ''
    caret = openCaret(
      root,
      place,
      places,
      words,
      {
        typed: (typed) => events.typed(place, typed),
        said(said) {
          endCaret()
          events.said(place, said)
        },
        ended() {
          events.dropped()
          endCaret()
        },
      },
      text,
    )
    label()
  }

  for (const type of OURS)
    root.addEventListener(type, (event) => event.stopPropagation(), { signal, passive: true })
  talk.addEventListener('click', () => setTalking(!isTalking), { signal })
  clear.addEventListener('click', () => events.cleared(), { signal })
  catcher.addEventListener(
    'click',
    (event) => write(places.placeAt({ x: event.clientX, y: event.clientY })),
    { signal },
  )
  // The focus stays where the page has it, so that it can go back there.
  catcher.addEventListener('mousedown', (event) => event.preventDefault(), { signal })
  window.addEventListener(
    'keydown',
    (event) => {
      if (event.defaultPrevented || event.isComposing) return
      const { key } = options
      if (
        key &&
        event.code === key.code &&
        event.altKey === key.alt &&
        event.ctrlKey === key.ctrl &&
        event.metaKey === key.meta &&
        event.shiftKey === key.shift
      ) {
        event.preventDefault()
        setTalking(!isTalking)
      } else if (event.key === 'Escape' && isTalking) {
        event.preventDefault()
        setTalking(false)
      }
    },
    { signal },
  )
  window.addEventListener(
    'pointermove',
    (event) => {
      if (count < 2 || event.pointerType === 'touch') return
      pointed = { x: event.clientX, y: event.clientY }
      pointedTimer ??= setTimeout(() => {
        pointedTimer = undefined
        events.pointed(places.placeAt(pointed))
      }, POINTED_MS)
    },
    { signal, passive: true, capture: true },
  )

  // Nothing is read here: the page may have changed since it was laid out.
  const viewed = () => {
    layer.wake()
    viewedTimer ??= setTimeout(() => {
      viewedTimer = undefined
      events.viewed()
    }, VIEWED_MS)
  }
  for (const type of ['scroll', 'resize'])
    window.addEventListener(type, viewed, { signal, passive: true, capture: true })

  // Beside the body, so that a page which replaces its content does not remove us.
  function attach() {
    if (!host.isConnected) document.documentElement.append(host)
  }
  attach()
  label()

  return {
    layer,
    places,
    /** The page may have changed around us. */
    settle() {
      attach()
      // The pixels of a page with CSS zoom on its root are not those of the window.
      const { zoom } = getComputedStyle(document.documentElement)
      root.style.zoom = `${1 / (Number.parseFloat(zoom) || 1)}`
      root.dataset.theme = options.theme === 'auto' ? themeOfPage() : options.theme
      corner.makeRoom()
    },
    setTalking,
    write,
    setCount(people: number) {
      count = people
      label()
    },
    setLive: (live: boolean) => void root.toggleAttribute('data-live', live),
    setOwner: (owner: boolean) => void root.toggleAttribute('data-owner', owner),
    setNote(text: string) {
      note = text
      label()
    },
    isWriting: () => caret !== undefined,
    /** The page shows other content now. */
    moved() {
      places.forget()
      layer.clear()
      if (caret) endCaret()
    },
    destroy() {
      stopping.abort()
      scrolling.abort()
      clearTimeout(pointedTimer)
      clearTimeout(viewedTimer)
      caret?.close()
      layer.destroy()
      host.remove()
    },
  }
}

/*
 * The caret: one line that is written where the visitor clicked. Its keys reach nobody else on the page.
 */
import { DEFAULT_LIMITS } from '../../packages/client/src/core/frames.ts'
import { isVisible } from '../../packages/client/src/core/text.ts'
import type { Place, Places } from './page-anchor.ts'
import type { Words } from './words.ts'

export interface CaretEvents {
  /** each change of the text */
  typed(text: string): void
  /** Enter, with a text that shows something */
  said(text: string): void
  /** Escape, or another place was clicked */
  ended(): void
}

export interface Caret {
  readonly place: Place
  close(): void
}

export function openCaret(
  root: HTMLElement,
  place: Place,
  places: Places,
  words: Words,
  events: CaretEvents,
  text = '',
): Caret {
  const shadow = root.getRootNode() as ShadowRoot
  const box = document.createElement('div')
  box.className = 'caret'
  const input = document.createElement('input')
  Object.assign(input, {
    type: 'text',
    // UTF-16 units: more than any message has.
    maxLength: 2 * DEFAULT_LIMITS.payload_characters,
    dir: 'auto',
    autocomplete: 'off',
    value: text,
    placeholder: words.hint,
  })
  input.setAttribute('aria-label', words.write)
  input.enterKeyHint = 'send'
  box.append(input)
  root.append(box)
  const before = document.activeElement
  const stopping = new AbortController()
  let frame = 0

  function follow() {
    const point = places.pointOf(place)
    const most = root.clientWidth - box.offsetWidth - 4
    const x = Math.max(4, Math.min(point?.x ?? 4, most))
    box.style.transform = `translate(${Math.round(x)}px, ${Math.round(point?.y ?? -200)}px)`
    frame = requestAnimationFrame(follow)
  }

  function enter() {
    if (isVisible(input.value)) events.said(input.value)
    else events.ended()
  }

  input.addEventListener('input', () => events.typed(input.value), { signal: stopping.signal })
  // A page may keep keys from everybody, but not the line break that one of them means.
  input.addEventListener(
    'beforeinput',
    ({ inputType }) => {
      if (inputType === 'insertLineBreak') enter()
    },
    { signal: stopping.signal },
  )
  // At the window, before the page's own listeners there or below: its shortcuts must not see what is typed here.
  for (const type of ['keydown', 'keypress', 'keyup'] as const) {
    window.addEventListener(
      type,
      (event) => {
        if (shadow.activeElement !== input) return
        event.stopImmediatePropagation()
        if (type !== 'keydown' || event.isComposing) return
        if (event.key === 'Escape') {
          event.preventDefault()
          events.ended()
        } else if (event.key === 'Enter') {
          event.preventDefault()
          enter()
        }
      },
      { capture: true, signal: stopping.signal },
    )
  }
  // The keyboard of a phone must not cover the line.
  window.visualViewport?.addEventListener(
    'resize',
    ({ currentTarget }) => {
      const { offsetTop, height } = currentTarget as VisualViewport
      const hidden = box.getBoundingClientRect().bottom + 8 - offsetTop - height
      if (hidden > 0) window.scrollBy(0, hidden)
    },
    { signal: stopping.signal },
  )
  follow()
  input.focus({ preventScroll: true })

  return {
    place,
    close() {
      stopping.abort()
      cancelAnimationFrame(frame)
      const hadFocus = shadow.activeElement === input
      box.remove()
      // The page gets back the focus that it had.
      if (hadFocus && before instanceof HTMLElement && before !== document.body)
        before.focus({ preventScroll: true })
    },
  }
}

/*
 * Holding a message: it does not fade under a pointer, the focus or a resting finger, and neither does anything in it.
 *
 * A pointer must move on the message first: messages that appear under a resting mouse, as your own always do, or that
 * panning carries under it, fade as usual.
 *
 * A finger that rests puts the focus on the message, so that it stays held when the finger is lifted; the next tap
 * elsewhere takes the focus away. A message also stays while its menu is open, and while its text is selected.
 *
 * A click or a tap opens the menu, unless it selected text.
 */
import {
  useEffect,
  useState,
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
} from 'react'
import { useStore } from 'zustand'
import { plainCommandOf } from '../../../shared/keys/keys'
import type { Entry } from '@asocial/client/core/messages'
import type { App } from '../../../stores/app'
import { useApp } from '../../../stores/hooks'
import { STRINGS } from '../../../shared/i18n/en'
import { selectionIn } from '../../../shared/ui/copy'
import { isHeld, isLink } from '../../canvas/held'

const REST_MS = 420
const SLOP_PX = 8
/** how far a mouse must move on a message to hold it; further on our own, where it rests after writing */
const ON_IT_PX = 3
const ON_OURS_PX = 16

export function useHold(entry: Entry) {
  const app = useApp()
  const [{ setMenu, ...handlers }] = useState(() => createHold(app, entry))
  const menu = useStore(app.menu.store, ({ key }) => key === entry.key)
  useEffect(() => setMenu(menu), [setMenu, menu])
  return { ...handlers, onKeyDown: (event: KeyboardEvent<HTMLElement>) => onKey(event, app, entry) }
}

type Holder = 'pointer' | 'focus' | 'menu' | 'selection'

function createHold({ messages, menu }: App, { key, mine }: Entry) {
  const holders = new Set<Holder>()
  let resting: ReturnType<typeof setTimeout> | undefined
  let from = { x: 0, y: 0 }
  let clicked = false
  /** the finger rested: lifting it is no tap */
  let rested = false
  let moved = 0

  const hold = (by: Holder) => {
    holders.add(by)
    messages.hold(key)
  }
  const release = (by: Holder) => {
    if (holders.delete(by) && holders.size === 0) messages.release(key)
  }
  const releasePointer = () => {
    moved = 0
    clearTimeout(resting)
    release('pointer')
  }
  /** From the press of a mouse until nothing of the text is selected any more. */
  const watchSelection = (message: HTMLElement) => {
    let pressed = true
    const look = () => {
      if (selectionIn(message)) return hold('selection')
      release('selection')
      if (!pressed) document.removeEventListener('selectionchange', look)
    }
    document.addEventListener('selectionchange', look)
    const onUp = () => {
      pressed = false
      clicked = false
      look()
      // Not earlier: a focus that moves during the press keeps the browser from selecting.
      if (document.activeElement === message) focusPlane(message)
    }
    window.addEventListener('pointerup', onUp, { once: true })
  }
  return {
    setMenu: (open: boolean) => (open ? hold('menu') : release('menu')),
    onClick({ target, currentTarget }: MouseEvent<HTMLElement>) {
      const sent = messages.store.getState().messages.entries.get(key)?.state === 'sent'
      const words = isHeld(target) && !isLink(target)
      if (sent && words && !rested && !selectionIn(currentTarget)) menu.open(key)
    },
    onPointerLeave: releasePointer,
    onPointerDown(event: PointerEvent<HTMLElement>) {
      clicked = event.pointerType !== 'touch'
      rested = false
      if (clicked) return watchSelection(event.currentTarget)
      const { currentTarget } = event
      from = { x: event.clientX, y: event.clientY }
      hold('pointer')
      clearTimeout(resting)
      resting = setTimeout(() => {
        rested = true
        currentTarget.focus({ preventScroll: true })
      }, REST_MS)
    },
    onPointerMove(event: PointerEvent) {
      const { pointerType, buttons, clientX, clientY } = event
      if (pointerType === 'touch') {
        if (Math.hypot(clientX - from.x, clientY - from.y) > SLOP_PX) releasePointer()
        return
      }
      // A mouse with a button down pans.
      if (buttons !== 0 || holders.has('pointer')) return
      moved += Math.hypot(event.movementX, event.movementY)
      if (moved >= (mine ? ON_OURS_PX : ON_IT_PX)) hold('pointer')
    },
    onPointerUp({ pointerType }: PointerEvent) {
      clicked = false
      if (pointerType === 'touch') releasePointer()
    },
    onPointerCancel: releasePointer,
    onFocus({ target, currentTarget }: FocusEvent<HTMLElement>) {
      // A mouse already holds by its position. After the press the plane has the focus.
      if (!clicked || target !== currentTarget) hold('focus')
    },
    onBlur({ currentTarget, relatedTarget }: FocusEvent) {
      if (!currentTarget.contains(relatedTarget)) release('focus')
    },
  }
}

/** Delete hides the message that has the focus. navigation/keyboard.ts has its other keys. */
function onKey(event: KeyboardEvent<HTMLElement>, app: App, entry: Entry) {
  const { nativeEvent, currentTarget } = event
  if (entry.state !== 'sent' || plainCommandOf(nativeEvent) !== 'Delete') return
  putAway(app, entry, currentTarget)
  event.preventDefault()
  event.stopPropagation()
}

/** The message posted before or after it. */
function beside(message: HTMLElement, step: number): HTMLElement | undefined {
  const all = [...document.querySelectorAll<HTMLElement>('[data-testid="message"] .message-body')]
  return all[all.indexOf(message) + step]
}

export function putAway({ messages, toast }: App, entry: Entry, message: HTMLElement | null) {
  leave(message)
  messages.remove(entry.key)
  toast.show(STRINGS.hidden, () => messages.restore([entry]))
}

const focusPlane = (message: HTMLElement) =>
  message.closest<HTMLElement>('.plane')?.focus({ preventScroll: true })

/** Moves the focus out of a message that goes: to a neighbour after a key, to the plane after a pointer. */
export function leave(message: HTMLElement | null) {
  const focused = document.activeElement
  if (!focused || !message?.contains(focused)) return
  const plane = message.closest<HTMLElement>('.plane')
  const byKey = focused.matches(':focus-visible')
  const next = byKey ? (beside(message, -1) ?? beside(message, 1) ?? plane) : plane
  next?.focus({ preventScroll: true })
}

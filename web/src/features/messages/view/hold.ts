/*
 * Holding a message: it does not fade under a pointer, the focus or a resting finger, and neither does anything in it.
 *
 * A pointer must move on the message first: messages that appear under a resting mouse, as your own always do, or that
 * panning carries under it, fade as usual.
 *
 * A finger that rests puts the focus on the message, so that it stays held when the finger is lifted; the next tap
 * elsewhere takes the focus away.
 */
import { useState, type FocusEvent, type KeyboardEvent, type PointerEvent } from 'react'
import { plainCommandOf } from '../../../shared/keys/keys'
import type { Entry } from '../model/messages'
import type { App } from '../../../stores/app'
import { useApp } from '../../../stores/hooks'

const REST_MS = 420
const SLOP_PX = 8
/** how far a mouse must move on a message to hold it; further on our own, where it rests after writing */
const ON_IT_PX = 3
const ON_OURS_PX = 16

export function useHold(entry: Entry) {
  const app = useApp()
  const [handlers] = useState(() => createHold(app, entry))
  return { ...handlers, onKeyDown: (event: KeyboardEvent<HTMLElement>) => onKey(event, app, entry) }
}

type Holder = 'pointer' | 'focus'

function createHold({ messages }: App, { key, mine }: Entry) {
  const holders = new Set<Holder>()
  let resting: ReturnType<typeof setTimeout> | undefined
  let from = { x: 0, y: 0 }
  let clicked = false
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
  return {
    onPointerLeave: releasePointer,
    onPointerDown(event: PointerEvent<HTMLElement>) {
      clicked = event.pointerType !== 'touch'
      if (clicked) return
      const { currentTarget } = event
      from = { x: event.clientX, y: event.clientY }
      hold('pointer')
      clearTimeout(resting)
      resting = setTimeout(() => currentTarget.focus({ preventScroll: true }), REST_MS)
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
      // A mouse already holds by its position. A click gives the focus to the plane, where you can type.
      const plane = currentTarget.closest<HTMLElement>('.plane')
      if (clicked && target === currentTarget) plane?.focus({ preventScroll: true })
      else hold('focus')
    },
    onBlur({ currentTarget, relatedTarget }: FocusEvent) {
      if (!currentTarget.contains(relatedTarget)) release('focus')
    },
  }
}

/** Keys on a message that has the focus: hide it, or mute its author. navigation/keyboard.ts has the others. */
function onKey(event: KeyboardEvent<HTMLElement>, app: App, entry: Entry) {
  const { nativeEvent, currentTarget } = event
  if (entry.state !== 'sent') return
  const command = plainCommandOf(nativeEvent)
  if (command === 'Delete') putAway(app, entry, currentTarget)
  else if (command === 'm' && !entry.mine) muteAuthor(app, entry, currentTarget)
  else return
  event.preventDefault()
  event.stopPropagation()
}

/** The message posted before or after it. */
function beside(message: HTMLElement, step: number): HTMLElement | undefined {
  const all = [...document.querySelectorAll<HTMLElement>('[data-testid="message"] .message-body')]
  return all[all.indexOf(message) + step]
}

export function putAway({ messages }: App, { key }: Entry, message: HTMLElement | null) {
  leave(message)
  messages.remove(key)
}

export function muteAuthor({ muted, presence }: App, entry: Entry, message: HTMLElement | null) {
  if (entry.userId === undefined) return
  leave(message)
  muted.mute(entry.userId, presence.profile(entry.userId)?.name ?? entry.name ?? '')
}

/** Moves the focus out of a message that goes: to a neighbour after a key, to the plane after a pointer. */
function leave(message: HTMLElement | null) {
  const focused = document.activeElement
  if (!focused || !message?.contains(focused)) return
  const plane = message.closest<HTMLElement>('.plane')
  const byKey = focused.matches(':focus-visible')
  const next = byKey ? (beside(message, -1) ?? beside(message, 1) ?? plane) : plane
  next?.focus({ preventScroll: true })
}

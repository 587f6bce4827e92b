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
/** how far a mouse has moved on a message that is read; on our own it rests after writing, and trembles */
const ON_IT_PX = 3
const ON_OURS_PX = 16

export function useHold(entry: Entry) {
  const app = useApp()
  const [hand] = useState(() => createHold(app, entry))
  return { ...hand, onKeyDown: (event: KeyboardEvent<HTMLElement>) => onKey(event, app, entry) }
}

type Hand = 'pointer' | 'focus'

function createHold({ messages }: App, { key, mine }: Entry) {
  const on = new Set<Hand>()
  let resting: ReturnType<typeof setTimeout> | undefined
  let from = { x: 0, y: 0 }
  let clicked = false
  let moved = 0

  const come = (hand: Hand) => {
    on.add(hand)
    messages.hold(key)
  }
  const go = (hand: Hand) => {
    if (on.delete(hand) && on.size === 0) messages.release(key)
  }
  const lift = () => {
    moved = 0
    clearTimeout(resting)
    go('pointer')
  }
  return {
    onPointerLeave: lift,
    onPointerDown(event: PointerEvent<HTMLElement>) {
      clicked = event.pointerType !== 'touch'
      if (clicked) return
      const { currentTarget } = event
      from = { x: event.clientX, y: event.clientY }
      come('pointer')
      clearTimeout(resting)
      resting = setTimeout(() => currentTarget.focus({ preventScroll: true }), REST_MS)
    },
    onPointerMove(event: PointerEvent) {
      const { pointerType, buttons, clientX, clientY } = event
      if (pointerType === 'touch') {
        if (Math.hypot(clientX - from.x, clientY - from.y) > SLOP_PX) lift()
        return
      }
      // A mouse that carries the plane past is not reading.
      if (buttons !== 0 || on.has('pointer')) return
      moved += Math.hypot(event.movementX, event.movementY)
      if (moved >= (mine ? ON_OURS_PX : ON_IT_PX)) come('pointer')
    },
    onPointerUp({ pointerType }: PointerEvent) {
      clicked = false
      if (pointerType === 'touch') lift()
    },
    onPointerCancel: lift,
    onFocus({ target, currentTarget }: FocusEvent<HTMLElement>) {
      // A mouse holds by being there; a click on words is on the plane, where letters may follow.
      const plane = currentTarget.closest<HTMLElement>('.plane')
      if (clicked && target === currentTarget) plane?.focus({ preventScroll: true })
      else come('focus')
    },
    onBlur({ currentTarget, relatedTarget }: FocusEvent) {
      if (!currentTarget.contains(relatedTarget)) go('focus')
    },
  }
}

/** On a message that has the focus: put it away, mute its author. navigation/keyboard.ts moves the focus on. */
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
  const all = [...document.querySelectorAll<HTMLElement>('[data-testid="message"] .breath')]
  return all[all.indexOf(message) + step]
}

export function putAway({ messages }: App, { key }: Entry, message: HTMLElement | null) {
  leave(message)
  messages.letGo(key)
}

export function muteAuthor({ muted, presence }: App, entry: Entry, message: HTMLElement | null) {
  if (entry.userId === undefined) return
  leave(message)
  muted.mute(entry.userId, presence.profile(entry.userId)?.name ?? entry.name ?? '')
}

/** The focus of what goes is not lost: a key's goes to the message beside it, a pointer's to the plane. */
function leave(message: HTMLElement | null) {
  const focused = document.activeElement
  if (!focused || !message?.contains(focused)) return
  const plane = message.closest<HTMLElement>('.plane')
  const byKey = focused.matches(':focus-visible')
  const next = byKey ? (beside(message, -1) ?? beside(message, 1) ?? plane) : plane
  next?.focus({ preventScroll: true })
}

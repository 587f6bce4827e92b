/*
 * Keyboard navigation between messages: to the next one in a direction, an arrow to it, and into its menu. The focus
 * marks the current message, so the focus ring and screen readers know it too.
 */
import { plainCommandOf } from '../../shared/keys/keys'
import { ARROWS, nextOf, type Way } from './model/directions'
import { below } from '../messages/Caret'
import { reveal } from '../canvas/reveal'
import type { App } from '../../stores/app'
import type { Point } from '../canvas/model/camera'

const MESSAGE = '[data-testid="message"] .message-body'

interface Stop extends Point {
  readonly element: HTMLElement
}

/** The messages on the page, each at its middle, in screen pixels. */
function stops(): Stop[] {
  return [...document.querySelectorAll<HTMLElement>(MESSAGE)].map((element) => {
    const { left, top, width, height } = element.getBoundingClientRect()
    return { element, x: left + width / 2, y: top + height / 2 }
  })
}

function goTo(stop: Stop | undefined, app: App): boolean {
  if (!stop) return false
  stop.element.focus({ preventScroll: true })
  reveal(stop.element, app)
  return true
}

export const isMessage = (target: EventTarget | null): target is HTMLElement =>
  target instanceof HTMLElement && target.matches(MESSAGE)

/** Focuses the message nearest to the middle of the view. False: there is none. */
export function enterMessages(app: App): boolean {
  const { width, height } = app.camera.store.getState().view
  const away = ({ x, y }: Stop) => Math.hypot(x - width / 2, y - height / 2)
  return goTo(stops().sort((a, b) => away(a) - away(b))[0], app)
}

/** Handles a key on the focused message. True: it was one of these keys. */
export function messageKey(event: KeyboardEvent, app: App): boolean {
  const { target } = event
  if (!isMessage(target)) return false
  const command = plainCommandOf(event)
  const way = ARROWS[command]
  if (way && event.shiftKey) pointAt(target, way, app)
  else if (way) goInDirection(target, way, app)
  else if (command === 'Enter') openMenu(target, app)
  else if (command === 'Escape')
    target.closest<HTMLElement>('.plane')?.focus({ preventScroll: true })
  else return false
  event.preventDefault()
  return true
}

function goInDirection(from: HTMLElement, way: Way, app: App) {
  const all = stops()
  const here = all.find(({ element }) => element === from)
  if (here) goTo(nextOf(here, way, all), app)
}

/** Draws an arrow in that direction which ends at the message. */
function pointAt(message: HTMLElement, way: Way, app: App) {
  const box = message.getBoundingClientRect()
  app.strokes.call((drawing) => drawing.pointAt(box, way))
}

export const entryOf = (message: HTMLElement, app: App) => {
  const { key } = message.closest<HTMLElement>('.anchor')?.dataset ?? {}
  return key === undefined ? undefined : app.messages.store.getState().messages.entries.get(key)
}

function openMenu(message: HTMLElement, app: App) {
  const entry = entryOf(message, app)
  if (entry?.state === 'sent') app.menu.open(entry.key)
}

/** Where a reply to this message begins. */
export function under(message: HTMLElement, app: App): Point {
  return below(message, app)
}

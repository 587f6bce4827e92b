/*
 * Keys of the whole page (what a key means: shared/keys/keys.ts). A key that types a character writes, wherever the focus
 * is; commands are keys that type nothing.
 */
import { chordOf, isTyping } from '../keys/keys'

/** On a Mac the Option key (`altKey`) types. */
export const MAC = /^(Mac|iP)/.test(navigator.platform)

/** What takes typed characters itself: a text field that can be changed, or a list that searches by letters. */
const FIELD = 'input:read-write, textarea:read-write, select, [contenteditable]'
/** What Space presses. */
const PRESSED_BY_SPACE = 'button, input, a[href], summary'

const within = (target: EventTarget | null, selector: string) =>
  target instanceof Element && target.closest(selector) !== null

/** Typed characters are the target's own. */
export const takesText = (target: EventTarget | null) => within(target, FIELD)

/** The key types a character that its target does not take: it belongs to the draft, or begins one. */
export function writes(event: KeyboardEvent): boolean {
  if (takesText(event.target)) return false
  return isSpace(event) ? !within(event.target, PRESSED_BY_SPACE) : isTyping(event, MAC)
}

export const isSpace = (event: KeyboardEvent) =>
  chordOf(event) === ' ' && !event.ctrlKey && !event.altKey && !event.metaKey

/** A letter with Ctrl, or with Cmd on a Mac, where Ctrl moves in the text. */
export function shortcutOf(event: KeyboardEvent): string {
  const { ctrlKey, metaKey, altKey, shiftKey } = event
  const held = MAC ? metaKey && !ctrlKey : ctrlKey && !metaKey
  return held && !altKey && !shiftKey ? chordOf(event) : ''
}

/*
 * Keys of the whole page (what a key means: shared/keys/keys.ts). Letters always write, so panels are opened by
 * signs, except while you write, in a field, or behind a dialog.
 */
import { commandOf, isTyping } from '../keys/keys'

/** On a Mac the Option key (`altKey`) types. */
export const MAC = /^(Mac|iP)/.test(navigator.platform)

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable]') !== null
  )
}

/** The sign of this key, where it is not typed into a text; else ''. */
export function signOf(event: KeyboardEvent): string {
  if (!isTyping(event, MAC) || isField(event.target)) return ''
  return document.querySelector('dialog[open]') ? '' : commandOf(event)
}

/*
 * Keys of the whole page (what a key means: shared/keys/keys.ts). Letters always write, so a sign is what opens a panel.
 * No sign does that while one writes, in a field, or behind a dialog.
 */
import { commandOf, isTyping } from '../keys/keys'

/** There the Option key types: `altKey` means no shortcut. */
export const MAC = /^(Mac|iP)/.test(navigator.platform)

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable]') !== null
  )
}

/** The sign that this key types, where it would not be written; else ''. */
export function signOf(event: KeyboardEvent): string {
  if (!isTyping(event, MAC) || isField(event.target)) return ''
  return document.querySelector('dialog[open]') ? '' : commandOf(event)
}

/*
 * Keys of the whole page. Letters always write, so what opens something is a sign: it is read as the key says it,
 * wherever a keyboard has it. None fires while one writes, in a field, or behind a dialog.
 */
import type { App } from '../state/app'
import type { Panel } from '../state/panels'

const SIGNS: Readonly<Record<string, Panel | undefined>> = {
  '?': 'help',
  ',': 'settings',
  '.': 'people',
  ';': 'share',
  ':': 'channels',
  '"': 'said',
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable]') !== null
  )
}

/** A key alone, and nowhere where it would be written. */
export function isFree(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false
  return !isWriting(event.target) && document.querySelector('dialog[open]') === null
}

/** True: it was one. */
export function signKey(event: KeyboardEvent, app: App): boolean {
  const panel = SIGNS[event.key]
  if (!panel || !isFree(event)) return false
  event.preventDefault()
  app.panels.toggle(panel)
  return true
}

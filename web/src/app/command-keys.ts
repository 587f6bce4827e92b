/*
 * Keys that open something from anywhere on the page. None of them types a character.
 */
import { plainCommandOf } from '../shared/keys/keys'
import { shortcutOf, takesText } from '../shared/ui/keyboard'
import type { App } from '../stores/app'

/** F1: help. Ctrl+K: all commands. Ctrl+Z outside of a text: undo. True: it was one of them. */
export function commandKey(event: KeyboardEvent, app: App): boolean {
  const letter = shortcutOf(event)
  if (letter === 'z') {
    if (takesText(event.target) || !app.toast.undo()) return false
  } else if (letter === 'k' || plainCommandOf(event) === 'F1') {
    if (!document.querySelector('dialog[open]'))
      app.panels.toggle(letter === 'k' ? 'commands' : 'help')
  } else return false
  event.preventDefault()
  return true
}

/*
 * The keys that open a panel, one sign each.
 */
import { signOf } from '../shared/ui/keyboard'
import type { App } from '../stores/app'
import type { Panel } from '../stores/panels'

const SIGNS: Readonly<Record<string, Panel | undefined>> = {
  '?': 'help',
  ',': 'settings',
  '.': 'people',
  ';': 'share',
  ':': 'channels',
  '"': 'history',
}

/** Returns true if the key opened or closed a panel. */
export function signKey(event: KeyboardEvent, app: App): boolean {
  const panel = SIGNS[signOf(event)]
  if (!panel) return false
  event.preventDefault()
  app.panels.toggle(panel)
  return true
}

/*
 * Opens the caret from anywhere on the page, and gives it the focus.
 */
import { flushSync } from 'react-dom'
import type { App } from '../../stores/app'
import type { Point } from '../canvas/model/camera'
import { freePlace } from './room'

export function focusCaret() {
  document.querySelector<HTMLElement>('.caret textarea')?.focus({ preventScroll: true })
}

/** At the free place nearest to `at`. Rendered before the focus, within the user's gesture: phones then open their keyboard, and the textarea is in place. */
export function openCaret(app: App, at: Point) {
  flushSync(() => app.messages.openCaret(freePlace(at, app)))
  focusCaret()
}

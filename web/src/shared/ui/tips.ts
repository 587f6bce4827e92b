/*
 * Fetches the tooltips (shared/ui/tooltip.ts) when a pointer, or the focus by key, first comes to a control.
 */
import { commandOf } from '../keys/keys'
import { prefetched } from './lazy'

const CONTROL = 'button, a[href], input, select, [role="slider"]'
const EVENTS = ['pointerover', 'pointerdown', 'pointerup', 'focusin'] as const
/** Keys that move the focus. */
const MOVES = /^(Tab|Arrow.*|Home|End|Page.*)$/

const fetchTooltips = prefetched(() => import('./tooltip'))

/** Whether such a key is down: then it moves the focus, and not a finger, a click or the page. */
let moving = false

export function offerTooltips() {
  let asked = false
  let focus: Event | undefined
  let pointer: Event | undefined
  const note = (event: Event) => {
    // Nothing is to be said about what got the focus otherwise.
    if (event.type !== 'focusin') pointer = event
    else if (moving) focus = event
    else return
    if (asked || !(event.target instanceof Element) || !event.target.closest(CONTROL)) return
    asked = true
    fetchTooltips().then(
      (file) => {
        for (const name of EVENTS) document.removeEventListener(name, note)
        file.startTooltips(CONTROL, [focus, pointer], () => moving)
      },
      () => (asked = false),
    )
  }
  const stopped = () => (moving = false)
  document.addEventListener('keydown', (event) => (moving = MOVES.test(commandOf(event))), true)
  document.addEventListener('keyup', stopped, true)
  document.addEventListener('pointerdown', stopped, true)
  for (const name of EVENTS) document.addEventListener(name, note)
}

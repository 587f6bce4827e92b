/*
 * Fetches the tooltips (shared/ui/tooltip.ts) when a pointer or the focus first comes to a control.
 */
import { prefetched } from './lazy'

const CONTROL = 'button, a[href], input, select, [role="slider"]'
const EVENTS = ['pointerover', 'pointerdown', 'pointerup', 'focusin'] as const

const fetchTooltips = prefetched(() => import('./tooltip'))

export function offerTooltips() {
  let asked = false
  let last: Event
  const note = (event: Event) => {
    last = event
    if (asked || !(event.target instanceof Element) || !event.target.closest(CONTROL)) return
    asked = true
    fetchTooltips().then(
      (file) => {
        for (const name of EVENTS) document.removeEventListener(name, note)
        file.startTooltips(CONTROL, last)
      },
      () => (asked = false),
    )
  }
  for (const name of EVENTS) document.addEventListener(name, note)
}

/*
 * What Escape closes: the part that was opened last, and no other. The page's key handler asks here (app/Plane.tsx).
 *
 * A part is on the list from the commit that shows it. A passive effect would run later, and under load an Escape that is
 * pressed at once would be lost.
 */
import { useEffectEvent, useLayoutEffect } from 'react'
import { commandOf } from '../keys/keys'

const opened: (() => void)[] = []

/** Escape calls `close` while `open` is set. With another value, it counts as opened again. */
export function useEscape(open: string | boolean | undefined, close: () => void) {
  const onEscape = useEffectEvent(close)
  useLayoutEffect(() => {
    if (open === undefined || open === false) return
    const run = () => onEscape()
    opened.push(run)
    return () => void opened.splice(opened.indexOf(run), 1)
  }, [open])
}

/** True: the key was Escape, and it closed something. Where you write, it discards the text instead. */
export function escapeKey(event: KeyboardEvent): boolean {
  const last = opened.at(-1)
  if (!last || event.defaultPrevented || commandOf(event) !== 'Escape') return false
  event.preventDefault()
  last()
  return true
}

/** Returns the focus to where it was, or to the canvas if that element is gone. */
export function returnFocus(before: Element | null) {
  const target = before?.isConnected ? before : document.querySelector('.plane')
  if (target instanceof HTMLElement) target.focus({ preventScroll: true })
}

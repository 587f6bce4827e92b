/*
 * How far from each edge of the screen a phone's notch, corners and bars reach. CSS knows it as env(); what is
 * placed by script asks here.
 */
/** A view lower than this has room for words, or for what stands at the edges, not for both. */
export const LOW_PX = 320

export interface Insets {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

let known: Insets | undefined
/** They change when the phone is turned, and with it the window's size. */
window.addEventListener('resize', () => (known = undefined))

export function safeArea(): Insets {
  if (known) return known
  const style = getComputedStyle(document.documentElement)
  const of = (side: string) => Number.parseFloat(style.getPropertyValue(`--safe-${side}`)) || 0
  return (known = { top: of('top'), right: of('right'), bottom: of('bottom'), left: of('left') })
}

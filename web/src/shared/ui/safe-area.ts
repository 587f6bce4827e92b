/*
 * How far from each edge of the screen a phone's notch, corners and bars reach. CSS has it as env(); this is
 * for what is placed by script.
 */
/** A view lower than this has room for text or for the controls at the edges, not for both. */
export const LOW_PX = 320
/** On a view lower than this, the minimap would take the place of text. */
export const SHORT_PX = 480

export interface Insets {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

let known: Insets | undefined
/** They change when the phone is rotated, which resizes the window. */
window.addEventListener('resize', () => (known = undefined))

export function safeArea(): Insets {
  if (known) return known
  const style = getComputedStyle(document.documentElement)
  const of = (side: string) => Number.parseFloat(style.getPropertyValue(`--safe-${side}`)) || 0
  return (known = { top: of('top'), right: of('right'), bottom: of('bottom'), left: of('left') })
}

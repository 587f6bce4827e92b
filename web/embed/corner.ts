/*
 * The corner with the button. What the page itself has there, such as a bar or the button of another service, stays free.
 */

/** What is narrower than this is no button. */
const STEP_PX = 20

export function createCorner(bar: HTMLElement, row: HTMLElement, host: Element) {
  let lift = 0

  /** What of the page is at the point and stays in the window while the page scrolls. */
  function fixedAt(x: number, y: number): DOMRect | undefined {
    const under = document.elementsFromPoint(x, y).find((each) => each !== host)
    for (let at = under; at; at = at.parentElement ?? undefined) {
      if (!/fixed|sticky/.test(getComputedStyle(at).position)) continue
      const box = at.getBoundingClientRect()
      // One that covers the window is no neighbour.
      return box.height < innerHeight / 2 ? box : undefined
    }
    return undefined
  }

  return {
    /** Puts the button above it. */
    makeRoom() {
      const { left, right, width, top, bottom } = row.getBoundingClientRect()
      if (width === 0) return
      const y = (top + bottom) / 2 + lift
      let highest = innerHeight
      for (let x = left; x < right; x += STEP_PX) {
        highest = Math.min(highest, fixedAt(x, y)?.top ?? innerHeight)
      }
      lift = innerHeight - highest
      bar.style.translate = lift > 0 ? `0 ${-lift}px` : ''
    },
  }
}

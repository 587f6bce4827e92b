/*
 * While talking is on, a layer takes the clicks. It must not take the wheel and the finger from parts of the page that
 * scroll. (The page as a whole scrolls under it by itself.)
 */

function scrollUnder(host: Element, x: number, y: number, down: number): boolean {
  const under = document.elementsFromPoint(x, y).find((each) => each !== host)
  for (let at = under; at && at !== document.body; at = at.parentElement ?? undefined) {
    if (at === document.documentElement || !/auto|scroll/.test(getComputedStyle(at).overflowY))
      continue
    const before = at.scrollTop
    at.scrollTop += down
    if (at.scrollTop !== before) return true
  }
  return false
}

export function passScrolling(layer: HTMLElement, host: Element, signal: AbortSignal) {
  let finger: Touch | undefined
  const wheel = (event: WheelEvent) => {
    if (event.ctrlKey) return
    const down = event.deltaMode === 1 ? event.deltaY * 18 : event.deltaY
    if (scrollUnder(host, event.clientX, event.clientY, down)) event.preventDefault()
  }
  const touch = ({ touches }: TouchEvent) => {
    finger = touches.length === 1 ? touches[0] : undefined
  }
  const drag = (event: TouchEvent) => {
    const [moved] = event.touches
    if (!finger || !moved) return
    if (!scrollUnder(host, moved.clientX, moved.clientY, finger.clientY - moved.clientY)) return
    finger = moved
    if (event.cancelable) event.preventDefault()
  }
  layer.addEventListener('wheel', wheel, { signal, passive: false })
  layer.addEventListener('touchstart', touch, { signal, passive: true })
  layer.addEventListener('touchmove', drag, { signal, passive: false })
}

/*
 * Observes the size of elements. In a browser without ResizeObserver, only the window's size is observed.
 */
export interface Sizes {
  observe(element: Element): void
  unobserve(element: Element): void
  disconnect(): void
}

/** `resized` is called with each element that was given to `observe`, at first too. */
export function createSizes(
  resized: (element: Element, width: number, height: number) => void,
): Sizes {
  const read = (element: Element) => {
    const { offsetWidth, offsetHeight } = element as HTMLElement
    resized(element, offsetWidth, offsetHeight)
  }
  if (typeof ResizeObserver === 'function') {
    return new ResizeObserver((changes) => {
      for (const { target, borderBoxSize } of changes) {
        // From the observer, so that many elements cost no reflow; older browsers do not have it.
        const size = borderBoxSize?.[0]
        if (size) resized(target, size.inlineSize, size.blockSize)
        else read(target)
      }
    })
  }
  const elements = new Set<Element>()
  const readAll = () => elements.forEach(read)
  window.addEventListener('resize', readAll)
  return {
    observe(element) {
      elements.add(element)
      read(element)
    },
    unobserve: (element) => void elements.delete(element),
    disconnect: () => window.removeEventListener('resize', readAll),
  }
}

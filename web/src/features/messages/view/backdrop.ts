/*
 * The soft patch behind a message that hides the dots of the plane. It is an element of its own below all messages, so
 * that no backdrop covers another message, and takes its size from its message by one shared observer.
 */
import { useLayoutEffect, type RefObject } from 'react'
import { createSizes } from '../../../shared/ui/resize'

const patches = new WeakMap<Element, HTMLElement>()
const sizes = createSizes((target, width, height) => {
  const backdrop = patches.get(target)
  backdrop?.style.setProperty('--w', `${Math.ceil(width)}px`)
  backdrop?.style.setProperty('--h', `${Math.ceil(height)}px`)
})

export function useBackdrop(
  words: RefObject<HTMLElement | null>,
  backdrop: RefObject<HTMLElement | null>,
  shown = true,
) {
  useLayoutEffect(() => {
    const target = words.current
    if (!target || !backdrop.current || !shown) return
    patches.set(target, backdrop.current)
    sizes.observe(target)
    return () => sizes.unobserve(target)
  }, [words, backdrop, shown])
}

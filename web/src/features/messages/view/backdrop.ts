/*
 * The breath behind words: a patch of mist that hushes the dots. It lies in an element of its
 * own below all words, so that no one's mist ever covers another's words, and takes its size from
 * the words by one shared observer.
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

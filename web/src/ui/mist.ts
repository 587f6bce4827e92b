/*
 * The breath behind words: a patch of mist that hushes the dots. It lies in an element of its
 * own below all words, so that no one's mist ever covers another's words, and takes its size from
 * the words by one shared observer: sizes are read after layout, so a crowd costs no reflow.
 */
import { useLayoutEffect, type RefObject } from 'react'

const patches = new WeakMap<Element, HTMLElement>()
const sizes = new ResizeObserver((changes) => {
  for (const { target, borderBoxSize } of changes) {
    const mist = patches.get(target)
    const size = borderBoxSize[0]
    if (!mist || !size) continue
    mist.style.setProperty('--w', `${Math.ceil(size.inlineSize)}px`)
    mist.style.setProperty('--h', `${Math.ceil(size.blockSize)}px`)
  }
})

export function useMist(
  words: RefObject<HTMLElement | null>,
  mist: RefObject<HTMLElement | null>,
  shown = true,
) {
  useLayoutEffect(() => {
    const target = words.current
    if (!target || !mist.current || !shown) return
    patches.set(target, mist.current)
    sizes.observe(target)
    return () => sizes.unobserve(target)
  }, [words, mist, shown])
}

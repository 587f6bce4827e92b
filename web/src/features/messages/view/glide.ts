/*
 * A message that makes room glides to its new place, and its backdrop with it. Only while messages are few: an animated
 * element is a layer of its own.
 */
import { useLayoutEffect, useRef, type RefObject } from 'react'
import type { Aside, Place } from '../model/place'
import { CALM, matches } from '../../../shared/ui/media'

const GLIDE_MS = 280

type Ref = RefObject<HTMLElement | null>

export function useGlide(body: Ref, backdrop: Ref, { dx, dy }: Place, rich: boolean) {
  const from = useRef<Aside>(undefined)
  useLayoutEffect(() => {
    const { current: before } = from
    from.current = { dx, dy }
    if (!before || !rich || (before.dx === dx && before.dy === dy) || matches(CALM)) return
    const start = { transform: `translate(${before.dx - dx}px, ${before.dy - dy}px)` }
    for (const { current } of [body, backdrop])
      current?.animate?.([start, { transform: 'none' }], {
        duration: GLIDE_MS,
        easing: 'ease-in-out',
      })
  }, [body, backdrop, dx, dy, rich])
}

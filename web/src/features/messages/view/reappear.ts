/*
 * A message that makes room disappears at its old place and appears at its new one, and its backdrop with it. It does not
 * move there: on its way it would cross the text it makes room for. Only while messages are few: an animated element is a
 * layer of its own.
 */
import { useLayoutEffect, useRef, type RefObject } from 'react'
import type { Aside, Place } from '../model/place'
import { CALM, matches } from '../../../shared/ui/media'

const APPEAR_MS = 240

type Ref = RefObject<HTMLElement | null>

export function useReappearance(body: Ref, backdrop: Ref, { dx, dy }: Place, rich: boolean) {
  const from = useRef<Aside>(undefined)
  useLayoutEffect(() => {
    const { current: before } = from
    from.current = { dx, dy }
    if (!before || !rich || (before.dx === dx && before.dy === dy) || matches(CALM)) return
    for (const { current } of [body, backdrop]) {
      // Not while its life is played (view/lifetime.ts): a message that fades would flash up.
      if (current?.getAnimations?.().length) continue
      current?.animate?.({ opacity: [0, 1] }, { duration: APPEAR_MS, easing: 'ease-out' })
    }
  }, [body, backdrop, dx, dy, rich])
}

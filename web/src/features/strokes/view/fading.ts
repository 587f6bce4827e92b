/*
 * A stroke dissolves at the end of its life as a message does, in step with the server's clock.
 */
import { useLayoutEffect, type RefObject } from 'react'
import { DEPARTURE, leaveMs } from '../../messages/model/lifetime'
import type { Stroke } from '../model/strokes'
import { CALM, matches } from '../../../shared/ui/media'
import { useApp } from '../../../stores/hooks'

/** ms; smaller changes of the estimated server clock are ignored */
const NUDGE_MS = 1

/** `rich`: there are few strokes. */
export function useFading(
  box: RefObject<HTMLElement | null>,
  { state, timestamp, expiresAt }: Stroke,
  rich: boolean,
) {
  const app = useApp()
  useLayoutEffect(() => {
    const body = box.current
    if (!body || state !== 'sent' || typeof body.animate !== 'function') return
    const life = Math.max(1, expiresAt - timestamp)
    const leaves = leaveMs(life)
    const plain = !rich || matches(CALM)
    const frames = DEPARTURE.map(({ offset, opacity, blur, rise }) =>
      plain
        ? { offset, opacity }
        : { offset, opacity, filter: `blur(${blur}px)`, translate: `0 ${-rise}px` },
    )
    const fading = body.animate(frames, {
      duration: leaves,
      delay: life - leaves,
      fill: 'forwards',
    })
    const place = () => {
      fading.currentTime = Math.max(0, app.session.serverNow() - timestamp)
    }
    place()
    const unfollow = app.session.store.subscribe((now, before) => {
      if (Math.abs(now.clock.offset - before.clock.offset) > NUDGE_MS) place()
    })
    return () => {
      unfollow()
      fading.cancel()
    }
  }, [app, box, state, timestamp, expiresAt, rich])
}

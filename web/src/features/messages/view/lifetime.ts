/*
 * Plays the life of a message in step with the server's clock, without a React render or a timer for each frame.
 *
 * A few messages are animated by the browser, which makes a layer for each. Many layers cost frames, as does opacity. So in
 * a crowd only the colour of the text fades, for all messages in the same few frames a second (benchmarks: page_frames.py).
 */
import { useLayoutEffect, type RefObject } from 'react'
import { ARRIVAL, arriveMs, DEPARTURE, leaveMs, thereAt, type LifeFrame } from '../model/lifetime'
import type { Entry } from '@asocial/client/core/messages'
import { useApp } from '../../../stores/hooks'
import { untilCrowdTick } from './shown-messages'
import { CALM, matches } from '../../../shared/ui/media'

/** Steps of the fading in a crowd; each one paints the text again. */
const FADE_STEPS = 6
/** ms; smaller changes of the estimated server clock are ignored */
const NUDGE_MS = 1

type Ref = RefObject<HTMLElement | null>

interface Playing {
  /** continues at `into` ms */
  seek(into: number): void
  /** ends and undoes it */
  stop(): void
}

/** `rich`: there are few messages. */
export function useLifetime(words: Ref, backdrop: Ref, entry: Entry, rich: boolean) {
  const app = useApp()
  const { state, timestamp, expiresAt, goesAt, held, grown } = entry
  const plays = state === 'sent' || state === 'draft'
  useLayoutEffect(() => {
    if (!words.current || !plays) return
    const body = words.current
    const patch = backdrop.current
    const play = (frames: readonly LifeFrame[], duration: number, stays: boolean): Playing =>
      rich && typeof body.animate === 'function'
        ? animate(body, patch, frames, duration, stays)
        : fade(body, frames, duration)

    const life = Math.max(1, expiresAt - timestamp)
    const leaves = leaveMs(life)
    const leaveAt = held && state === 'sent' ? Infinity : goesAt - timestamp - leaves
    const ageNow = () => app.session.serverNow() - timestamp
    let leaving: Playing | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const place = () => {
      clearTimeout(timer)
      const age = ageNow()
      const into = age - leaveAt
      // Gone for everyone else, and still here.
      body.toggleAttribute('data-outlived', state === 'sent' && age >= life && into < leaves)
      if (into < 0) {
        leaving?.stop()
        leaving = undefined
        const next = age < life ? Math.min(leaveAt, life) : leaveAt
        if (next < Infinity) timer = setTimeout(place, next - age)
        return
      }
      leaving ??= play(DEPARTURE, leaves, true)
      leaving.seek(into)
    }
    const arrives = !grown && ageNow() < arriveMs(life)
    const arriving = arrives ? play(ARRIVAL, arriveMs(life), false) : undefined
    arriving?.seek(Math.max(0, ageNow()))
    place()
    const unfollow = app.session.store.subscribe((now, before) => {
      if (Math.abs(now.clock.offset - before.clock.offset) > NUDGE_MS) place()
    })
    return () => {
      unfollow()
      clearTimeout(timer)
      leaving?.stop()
      arriving?.stop()
    }
  }, [app, words, backdrop, plays, state, timestamp, expiresAt, goesAt, held, grown, rich])
}

function animate(
  body: HTMLElement,
  patch: HTMLElement | null,
  frames: readonly LifeFrame[],
  duration: number,
  stays: boolean,
): Playing {
  const timing: KeyframeAnimationOptions = { duration, fill: stays ? 'forwards' : 'none' }
  const calm = matches(CALM)
  const fades = frames.map(({ offset, opacity }) => ({ offset, opacity }))
  const animations = [body.animate(calm ? fades : frames.map(drawn), timing)]
  if (patch) animations.push(patch.animate(fades, timing))
  return {
    seek(into) {
      for (const animation of animations) animation.currentTime = into
    },
    stop() {
      for (const animation of animations) animation.cancel()
    },
  }
}

function drawn({ offset, opacity, blur, rise }: LifeFrame): Keyframe {
  const filter = blur === 0 ? 'none' : `blur(${blur.toFixed(2)}px)`
  return { offset, opacity, filter, translate: `0 ${(-rise).toFixed(2)}px` }
}

/** Messages that fade in a crowd, each with its drawing; false: it is over. */
const fading = new Map<HTMLElement, () => boolean>()
let ticking: ReturnType<typeof setTimeout> | undefined

function tick() {
  for (const [anchor, draw] of fading) if (!draw()) fading.delete(anchor)
  ticking = fading.size > 0 ? setTimeout(tick, untilCrowdTick()) : undefined
}

function fade(body: HTMLElement, frames: readonly LifeFrame[], duration: number): Playing {
  const anchor = body.closest<HTMLElement>('.anchor') ?? body
  let began = performance.now()
  let shown = FADE_STEPS
  const draw = () => {
    const share = Math.min(1, (performance.now() - began) / duration)
    const there = Math.round(thereAt(frames, share) * FADE_STEPS)
    if (there !== shown) {
      shown = there
      anchor.toggleAttribute('data-fading', there < FADE_STEPS)
      anchor.style.setProperty('--there', `${(there / FADE_STEPS) * 100}%`)
    }
    return share < 1
  }
  return {
    seek(into) {
      began = performance.now() - into
      fading.set(anchor, draw)
      // One that has just begun waits for the next tick of the crowd.
      if (thereAt(frames, into / duration) < 1 - 1 / FADE_STEPS) draw()
      ticking ??= setTimeout(tick, untilCrowdTick())
    },
    stop() {
      if (fading.get(anchor) === draw) fading.delete(anchor)
      anchor.removeAttribute('data-fading')
    },
  }
}

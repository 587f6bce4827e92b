/*
 * A message's life, as breath on a window: it condenses, hangs, and evaporates.
 *
 * All of it is a function of three moments on the server's clock (W12): now, `timestamp` and
 * `expires_at`. Nothing depends on when a message reached this client, so it is gone
 * everywhere at the same moment and a late joiner sees it for the time it has left.
 *
 * A reader may take longer (`goesAt`, `letGoAt`): for that reader alone, and never shorter. `expires_at`
 * stays what it is: after it, the message is gone for all others.
 *
 * Pure. The page plays `arrival` at the start and `departure` at the end; in between, words are
 * still and cost nothing.
 */
import type { Ttl } from '../../../shared/net/frames'

/** What holds until `user_sync` says otherwise. */
export const DEFAULT_TTL: Ttl = { base: 5000, per_character: 50, free_characters: 60, max: 12_000 }

/** How many times its life a message stays for one reader, or until it is put away by hand. */
export type LifeFactor = number | 'stay'

export type Phase = 'arriving' | 'hanging' | 'leaving' | 'gone'

const ARRIVE_MS = 260
/** What was held and is let go is there for so long before it begins to leave. */
const MOMENT_MS = 1200
/** The last part of a life, spent fading; never so long that a short life is all fading. */
const LEAVE_SHARE = 0.36
const LEAVE_MAX_MS = 2400

export function lifeOf(ttl: Ttl, characters: number): number {
  const extra = Math.max(0, characters - ttl.free_characters) * ttl.per_character
  return Math.min(ttl.max, ttl.base + extra)
}

export function leaveMs(life: number): number {
  return Math.min(LEAVE_MAX_MS, life * LEAVE_SHARE)
}

export function arriveMs(life: number): number {
  return Math.min(ARRIVE_MS, life / 4)
}

/** When a message goes from the window of a reader who likes it to stay `factor` times its life. */
export function goesAt(timestamp: number, expiresAt: number, factor: LifeFactor): number {
  return factor === 'stay' ? Infinity : timestamp + (expiresAt - timestamp) * factor
}

/** Let go at `now`: not sooner than it would have gone, and never under the reader's eyes. */
export function letGoAt(timestamp: number, expiresAt: number, goes: number, now: number): number {
  return Math.max(goes, now + MOMENT_MS + leaveMs(expiresAt - timestamp))
}

export function phaseAt(now: number, timestamp: number, expiresAt: number): Phase {
  const life = expiresAt - timestamp
  if (now >= expiresAt) return 'gone'
  if (now >= expiresAt - leaveMs(life)) return 'leaving'
  return now < timestamp + arriveMs(life) ? 'arriving' : 'hanging'
}

/** How much of a message is there, 1 to 0: what a viewer sees of it at `now`. */
export function opacityAt(now: number, timestamp: number, expiresAt: number): number {
  const life = expiresAt - timestamp
  const left = expiresAt - now
  if (left <= 0) return 0
  const leaving = leaveMs(life)
  return left >= leaving ? 1 : evaporate(left / leaving)
}

/** From 1 to 0 as `left` goes from 1 to 0: slow to begin, so that words can be read to the end. */
function evaporate(left: number): number {
  return left <= 0 ? 0 : Math.pow(left, 0.8)
}

export interface LifeFrame {
  readonly offset: number
  readonly opacity: number
  /** px; how far the words have lost their edge */
  readonly blur: number
  /** px upwards; warm air rises */
  readonly rise: number
}

/** Words condense, over `arriveMs`. Those that formed as a draft do not arrive again. */
export const ARRIVAL: readonly LifeFrame[] = [
  { offset: 0, opacity: 0, blur: 5, rise: 0 },
  { offset: 1, opacity: 1, blur: 0, rise: 0 },
]

/** Words evaporate, over `leaveMs`. */
export const DEPARTURE: readonly LifeFrame[] = [0, 0.25, 0.5, 0.75, 1].map((part) => ({
  offset: part,
  opacity: evaporate(1 - part),
  blur: 3.5 * part * part,
  rise: 7 * part * part,
}))

/** The opacity at `share` (0 to 1) of these frames, from one to the next in a straight line. */
export function thereAt(frames: readonly LifeFrame[], share: number): number {
  const after = frames.findIndex(({ offset }) => offset >= share)
  const to = frames[after]
  const from = frames[after - 1]
  if (!to || !from) return (to ?? frames.at(-1))?.opacity ?? 1
  const part = (share - from.offset) / (to.offset - from.offset)
  return from.opacity + (to.opacity - from.opacity) * part
}

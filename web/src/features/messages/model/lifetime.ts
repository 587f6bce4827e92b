/*
 * The life of a message: it appears, stays, and fades.
 *
 * It is a function of three moments on the server's clock (W12): now, `timestamp` and `expires_at`. It does not depend on
 * when a message reached this client, so it ends everywhere at the same moment, and people who join later see it for the
 * time that is left.
 *
 * A reader may keep a message longer (`goesAt`, `lingersUntil`), on this page alone. `expires_at` stays the end for everyone
 * else.
 *
 * Pure. The page plays `ARRIVAL` at the start and `DEPARTURE` at the end; in between nothing moves.
 */
export type Phase = 'arriving' | 'hanging' | 'leaving' | 'gone'

const ARRIVE_MS = 260
/** How long a released message stays before it begins to fade. */
const MOMENT_MS = 1200
/** The last part of a life, spent fading. */
const LEAVE_SHARE = 0.36
const LEAVE_MAX_MS = 2400

export function leaveMs(life: number): number {
  return Math.min(LEAVE_MAX_MS, life * LEAVE_SHARE)
}

export function arriveMs(life: number): number {
  return Math.min(ARRIVE_MS, life / 4)
}

/** When a message that is released at `now` leaves this page: not sooner than `goes`, and never at once. */
export function lingersUntil(
  timestamp: number,
  expiresAt: number,
  goes: number,
  now: number,
): number {
  return Math.max(goes, now + MOMENT_MS + leaveMs(expiresAt - timestamp))
}

export function phaseAt(now: number, timestamp: number, expiresAt: number): Phase {
  const life = expiresAt - timestamp
  if (now >= expiresAt) return 'gone'
  if (now >= expiresAt - leaveMs(life)) return 'leaving'
  return now < timestamp + arriveMs(life) ? 'arriving' : 'hanging'
}

/** The opacity of a message at `now`. */
export function opacityAt(now: number, timestamp: number, expiresAt: number): number {
  const life = expiresAt - timestamp
  const left = expiresAt - now
  if (left <= 0) return 0
  const leaving = leaveMs(life)
  return left >= leaving ? 1 : evaporate(left / leaving)
}

/** From 1 to 0 as `left` goes from 1 to 0: slow at first, so that text stays readable. */
function evaporate(left: number): number {
  return left <= 0 ? 0 : Math.pow(left, 0.8)
}

export interface LifeFrame {
  readonly offset: number
  readonly opacity: number
  /** px */
  readonly blur: number
  /** px upwards */
  readonly rise: number
}

/** How a message appears, over `arriveMs`. One that was seen as a draft does not. */
export const ARRIVAL: readonly LifeFrame[] = [
  { offset: 0, opacity: 0, blur: 5, rise: 0 },
  { offset: 1, opacity: 1, blur: 0, rise: 0 },
]

/** How a message fades, over `leaveMs`. */
export const DEPARTURE: readonly LifeFrame[] = [0, 0.25, 0.5, 0.75, 1].map((part) => ({
  offset: part,
  opacity: evaporate(1 - part),
  blur: 3.5 * part * part,
  rise: 7 * part * part,
}))

/** The opacity at `share` (0 to 1) of these frames, interpolated. */
export function thereAt(frames: readonly LifeFrame[], share: number): number {
  const after = frames.findIndex(({ offset }) => offset >= share)
  const to = frames[after]
  const from = frames[after - 1]
  if (!to || !from) return (to ?? frames.at(-1))?.opacity ?? 1
  const part = (share - from.offset) / (to.offset - from.offset)
  return from.opacity + (to.opacity - from.opacity) * part
}

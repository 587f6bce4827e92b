/*
 * The server's clock, seen from here (W21).
 *
 * Each ping/pong is one sample: `offset` is how far the server is ahead of the local clock, known to within half the
 * round trip. The sample with the shortest round trip is the best; old ones are dropped so that
 * a drifting clock is followed. A sample that contradicts the best one means that the local clock itself jumped (the
 * machine slept): all earlier samples are dropped.
 *
 * The local clock must be monotonic (`performance.now()` based): setting the
 * machine's clock must not change how long messages stay. Pure: times are passed in.
 */

export interface Sample {
  readonly offset: number
  readonly roundTrip: number
  readonly at: number
}

export interface Clock {
  readonly samples: readonly Sample[]
  /** ms to add to the local clock to get the server's */
  readonly offset: number
  /** false until a pong came: `offset` then is the guess of the last `user_sync` */
  readonly measured: boolean
}

export const UNSET_CLOCK: Clock = { samples: [], offset: 0, measured: false }

const SAMPLES_MAX = 12
const KEEP_MS = 5 * 60_000
/** integer times on both sides, and a little for timer coarsening */
const SLACK_MS = 4

/** Beyond these bounds one of the clocks was set: a frame is neither from the future nor that long on its way. */
const AHEAD_MS = 1_000
const LATE_MS = 5_000

/** Whether a frame that was stamped at `timestamp` and arrived just now contradicts what we know. */
export function contradicts(clock: Clock, timestamp: number, now: number): boolean {
  const late = now + clock.offset - timestamp
  return late < -AHEAD_MS || late > LATE_MS
}

/** A better estimate of the clock moves it by less. */
const WENT_BACK_MS = 1_000

/** By how much the server's clock was set back, as a negative number, or 0. */
export function steppedBack(before: Clock, after: Clock): number {
  const step = after.offset - before.offset
  return before.measured && step < -WENT_BACK_MS ? step : 0
}

/** From `user_sync.timestamp` alone, late by the time on the way; for when nothing better is known. */
export function guess(clock: Clock, timestamp: number, now: number): Clock {
  if (clock.measured && !contradicts(clock, timestamp, now)) return clock
  return { samples: [], offset: timestamp - now, measured: false }
}

/** The server's clock was set by `shift` ms (W85). */
export function shifted(clock: Clock, shift: number): Clock {
  const samples = clock.samples.map((sample) => ({ ...sample, offset: sample.offset + shift }))
  return { ...clock, samples, offset: clock.offset + shift }
}

export function addPong(clock: Clock, sent: number, timestamp: number, now: number): Clock {
  const sample: Sample = {
    offset: timestamp - (sent + now) / 2,
    roundTrip: Math.max(0, now - sent),
    at: now,
  }
  const best = bestOf(clock.samples)
  const jumped =
    best !== undefined &&
    Math.abs(best.offset - sample.offset) > (best.roundTrip + sample.roundTrip) / 2 + SLACK_MS
  const earlier = jumped ? [] : clock.samples.filter((s) => now - s.at < KEEP_MS)
  const samples = [...earlier, sample].slice(-SAMPLES_MAX)
  return { samples, offset: (bestOf(samples) ?? sample).offset, measured: true }
}

const bestOf = (samples: readonly Sample[]) =>
  samples.reduce(
    (best, sample) => (sample.roundTrip <= best.roundTrip ? sample : best),
    samples[0]!,
  )

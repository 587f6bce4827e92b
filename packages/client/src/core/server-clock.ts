/*
 * The server's clock as it is measured in one channel (rules: clock.ts). Where it says by how much lives move, the caller
 * moves the messages it has: they must not stay longer because a clock was set.
 */
import {
  addPong,
  contradicts,
  guess,
  shifted,
  steppedBack,
  UNSET_CLOCK,
  type Clock,
} from './clock.ts'
import type { Host } from './host.ts'

const DOUBT_EVERY_MS = 1_000

export function createServerClock({ now, send }: Host, onChange: (clock: Clock) => void) {
  let clock = UNSET_CLOCK
  let doubtedAt = -Infinity

  function learn(next: Clock): number {
    const moved = steppedBack(clock, next)
    clock = next
    onChange(clock)
    return moved
  }

  return {
    /** The time on the server's clock, as well as we know it. */
    now: () => now() + clock.offset,
    /** By how much lives move: 0, or less if the server's clock was set back. */
    onSync: (timestamp: number) => learn(guess(clock, timestamp, now())),
    /** As `onSync`. */
    onPong: (sent: number, timestamp: number) => learn(addPong(clock, sent, timestamp, now())),
    /** W85: the server says by how much its clock was set. */
    onShift: (shift: number) => void learn(shifted(clock, shift)),
    /** A frame with this `timestamp` just came. If that contradicts the clock, it is measured at once (W86). */
    check(timestamp: number) {
      const at = now()
      if (!contradicts(clock, timestamp, at) || at - doubtedAt < DOUBT_EVERY_MS) return
      doubtedAt = at
      send({ type: 'ping', t: Math.round(at) })
    },
  }
}

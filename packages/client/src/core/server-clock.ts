/*
 * The server's clock as it is measured in one channel (rules: clock.ts). Messages must not stay longer because a clock was set.
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
import type { ServerFrame } from './frames.ts'
import type { Host } from './host.ts'

const DOUBT_EVERY_MS = 1_000

/**
 * `onChange`: called with each new estimate. `move`: called with the ms by which all moments move that the server sent before,
 * because its clock was set.
 */
export function createServerClock(
  { now, send }: Host,
  onChange: (clock: Clock) => void,
  move: (ms: number) => void,
) {
  let clock = UNSET_CLOCK
  let doubtedAt = -Infinity

  function learn(next: Clock, ms = steppedBack(clock, next)) {
    // In this order, so that no life seems to be over in between.
    if (ms > 0) move(ms)
    clock = next
    onChange(clock)
    if (ms < 0) move(ms)
  }

  return {
    /** The time on the server's clock, as well as we know it. */
    now: () => now() + clock.offset,
    /** Takes in what a frame says about the clock, if anything. */
    receive(frame: ServerFrame) {
      const at = now()
      switch (frame.type) {
        case 'user_sync':
          return learn(guess(clock, frame.timestamp, at))
        case 'pong':
          return learn(addPong(clock, frame.t, frame.timestamp, at))
        case 'clock':
          return learn(shifted(clock, frame.shift), frame.shift)
        case 'chat':
        case 'ack':
          // If it contradicts the clock, that is measured at once (W86).
          if (!contradicts(clock, frame.timestamp, at) || at - doubtedAt < DOUBT_EVERY_MS) return
          doubtedAt = at
          send({ type: 'ping', t: Math.round(at) })
      }
    },
  }
}

/*
 * At most one call in `interval` ms; the latest value is always delivered.
 *
 * The first value goes at once, later ones replace each other until the interval is over. The
 * clock and the timer are passed in, so tests need no waiting.
 */

import type { Timers } from './timers.ts'

export interface Throttle<T> {
  push(value: T): void
  /** Delivers the waiting value now. */
  flush(): void
  /** Drops the waiting value. */
  cancel(): void
}

export function throttle<T>(
  intervalMs: number,
  send: (value: T) => void,
  timers: Timers,
): Throttle<T> {
  let waiting: { value: T } | undefined
  let handle: unknown
  let lastAt = Number.NEGATIVE_INFINITY

  const fire = () => {
    if (handle !== undefined) timers.clear(handle)
    handle = undefined
    if (!waiting) return
    const { value } = waiting
    waiting = undefined
    lastAt = timers.now()
    send(value)
  }

  return {
    push(value) {
      waiting = { value }
      if (handle !== undefined) return
      const wait = lastAt + intervalMs - timers.now()
      if (wait <= 0) fire()
      else handle = timers.set(fire, wait)
    },
    flush: fire,
    cancel() {
      waiting = undefined
      if (handle !== undefined) timers.clear(handle)
      handle = undefined
    },
  }
}

/*
 * At most one call in `interval` ms; the latest value is always delivered.
 *
 * The first value goes at once, later ones replace each other until the interval is over.
 */

export interface Throttle<T> {
  push(value: T): void
  /** Sets the interval, ms. A value that waits keeps its time. */
  every(ms: number): void
  /** Drops the waiting value. */
  cancel(): void
}

/** `now`: monotonic ms. */
export function throttle<T>(
  intervalMs: number,
  send: (value: T) => void,
  now: () => number,
): Throttle<T> {
  let waiting: { value: T } | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let lastAt = -Infinity

  const fire = () => {
    timer = undefined
    if (!waiting) return
    const { value } = waiting
    waiting = undefined
    lastAt = now()
    send(value)
  }

  return {
    push(value) {
      waiting = { value }
      if (timer !== undefined) return
      const wait = lastAt + intervalMs - now()
      if (wait <= 0) fire()
      else timer = setTimeout(fire, wait)
    },
    every(ms) {
      intervalMs = ms
    },
    cancel() {
      waiting = undefined
      clearTimeout(timer)
      timer = undefined
    },
  }
}

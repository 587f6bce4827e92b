/*
 * At most one call in `interval` ms; the latest value is always delivered.
 *
 * The first value goes at once, later ones replace each other until the interval is over.
 */

export interface Throttle<T extends object | string> {
  push(value: T): void
  /** At most so many a second, until the next call. Never more often than `intervalMs`; a value that waits keeps its time. */
  pace(perSecond: number): void
  /** Drops the waiting value. */
  cancel(): void
}

/** `now`: monotonic ms. */
export function throttle<T extends object | string>(
  intervalMs: number,
  send: (value: T) => void,
  now: () => number,
): Throttle<T> {
  let latest: T
  let timer: ReturnType<typeof setTimeout> | undefined
  let lastAt = -Infinity
  let every = intervalMs

  const fire = () => {
    timer = undefined
    lastAt = now()
    send(latest)
  }

  return {
    push(value) {
      latest = value
      if (timer !== undefined) return
      const wait = lastAt + every - now()
      if (wait <= 0) fire()
      else timer = setTimeout(fire, wait)
    },
    pace(perSecond) {
      every = Math.max(intervalMs, 1_000 / perSecond)
    },
    cancel() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

/*
 * How long to wait before connecting again (W28).
 *
 * The ceiling doubles from 250 ms to 10 s; the delay is drawn from its upper half, so that
 * thousands of clients of one fallen server do not come back in the same instant. A `retry_ms` in the
 * close reason is a lower bound.
 */

export const BACKOFF_FIRST_MS = 250
export const BACKOFF_MAX_MS = 10_000
/** After a connection that lasted this long the count starts again. */
export const STABLE_MS = 5_000

/** `attempt` counts from 0; `chance` is a random number in [0, 1). */
export function backoffMs(attempt: number, chance: number, retryMs = 0): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt)
  return Math.max(Math.round(ceiling * (0.5 + chance / 2)), retryMs)
}

export interface Closing {
  readonly reconnect: boolean
  readonly retryMs: number
  readonly reason: string
}

/** Reads a close event: 4500 to 4999 are final, everything else is worth another try. */
export function readClose(code: number, rawReason: string): Closing {
  let retryMs = 0
  let reason = rawReason
  try {
    const told = JSON.parse(rawReason) as { retry_ms?: unknown; reason?: unknown }
    if (typeof told.retry_ms === 'number') {
      retryMs = Math.min(120_000, told.retry_ms)
    }
    reason = typeof told.reason === 'string' ? told.reason : ''
  } catch {
    // The text of a proxy, or none: shown as it is.
  }
  return { reconnect: code < 4500 || code > 4999, retryMs, reason }
}

/*
 * What a set clock does to what hangs on the window (W85): every moment moves with it. Pure.
 */
import type { Entry, Talk } from './messages'

/** The server's clock was set: everything keeps the time it has left. */
export function shift(talk: Talk, ms: number): Talk {
  const moved = (entry: Entry): Entry => ({
    ...entry,
    timestamp: entry.timestamp + ms,
    expiresAt: entry.expiresAt + ms,
    goesAt: entry.goesAt + ms,
    ...(entry.error?.retryAt !== undefined && {
      error: { ...entry.error, retryAt: entry.error.retryAt + ms },
    }),
  })
  return {
    ...talk,
    entries: new Map([...talk.entries].map(([key, entry]) => [key, moved(entry)])),
    said: new Map([...talk.said].map(([key, until]) => [key, until + ms])),
    cleared: talk.cleared + ms,
  }
}

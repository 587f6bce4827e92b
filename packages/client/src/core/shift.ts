/*
 * Moves all times of the messages when the server's clock was set (W85). Pure.
 */
import type { Entry, Messages } from './messages.ts'

/** Every message keeps the time it has left. */
export function shift(messages: Messages, ms: number): Messages {
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
    ...messages,
    entries: new Map([...messages.entries].map(([key, entry]) => [key, moved(entry)])),
    posted: new Map([...messages.posted].map(([key, until]) => [key, until + ms])),
    cleared: messages.cleared + ms,
  }
}

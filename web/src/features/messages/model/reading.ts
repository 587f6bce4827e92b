/*
 * Time to read. A held message stays; a released one stays for a moment; a hidden or muted one goes. All of it concerns
 * this reader alone: nothing is sent, and `expires_at` still holds for everyone else.
 */
import { goesAt, type LifeFactor } from '@asocial/client/core/life'
import { lingersUntil } from './lifetime'
import { drop, put, type Entry, type Messages } from '@asocial/client/core/messages'

/** The reader's pointer, focus or finger is on it. */
export function hold(messages: Messages, key: string): Messages {
  const entry = messages.entries.get(key)
  return !entry || entry.held ? messages : put(messages, { ...entry, held: true })
}

export function release(messages: Messages, key: string, now: number): Messages {
  const entry = messages.entries.get(key)
  return entry?.held ? put(messages, lingering({ ...entry, held: false }, now)) : messages
}

/** Sets how long messages stay. Those that would end at once stay for a moment. */
export function setFactor(messages: Messages, factor: LifeFactor, now: number): Messages {
  if (factor === messages.factor) return messages
  const entries = new Map(messages.entries)
  for (const entry of messages.entries.values()) {
    if (entry.state !== 'sent') continue
    const goes = goesAt(entry.timestamp, entry.expiresAt, factor)
    const next = { ...entry, goesAt: goes }
    entries.set(entry.key, goes > now ? next : lingering(next, now))
  }
  return { ...messages, entries, factor }
}

function lingering(entry: Entry, now: number): Entry {
  if (entry.state !== 'sent') return entry
  return { ...entry, goesAt: lingersUntil(entry.timestamp, entry.expiresAt, entry.goesAt, now) }
}

/** Removes everything of this author. */
export function forget(messages: Messages, userId: string): Messages {
  let next = messages
  for (const entry of messages.entries.values()) {
    if (!entry.mine && entry.userId === userId) next = drop(next, entry.key)
  }
  return next
}

const RECALL_MS = 4_000

/** Shows a past message again where it was, for a few seconds. */
export function recall(messages: Messages, posted: Entry, now: number): Messages {
  const shown = messages.entries.get(posted.key)
  if (shown) return put(messages, lingering(shown, now))
  return put(messages, { ...posted, held: false, goesAt: now + RECALL_MS, grown: false })
}

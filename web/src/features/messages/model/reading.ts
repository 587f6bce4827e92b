/*
 * Time to read: one reader's hand on what hangs on the window. What is held does not go; let go, it
 * gets a moment; put away or muted, it is gone. All for this reader alone: nothing here is told to
 * anyone, and `expires_at` stays the truth for the others.
 */
import { goesAt, letGoAt, type LifeFactor } from './lifetime'
import { drop, put, type Entry, type Messages } from './messages'

/** A reader's pointer, focus or finger came upon it, or left it. */
export function hold(messages: Messages, key: string): Messages {
  const entry = messages.entries.get(key)
  return !entry || entry.held ? messages : put(messages, { ...entry, held: true })
}

export function release(messages: Messages, key: string, now: number): Messages {
  const entry = messages.entries.get(key)
  return entry?.held ? put(messages, lingering({ ...entry, held: false }, now)) : messages
}

/** The reader likes messages to stay longer, or no longer so long; those that would be gone get a moment. */
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
  return { ...entry, goesAt: letGoAt(entry.timestamp, entry.expiresAt, entry.goesAt, now) }
}

/** Everything of this author goes, at once. */
export function forget(messages: Messages, userId: string): Messages {
  let next = messages
  for (const entry of messages.entries.values()) {
    if (!entry.mine && entry.userId === userId) next = drop(next, entry.key)
  }
  return next
}

const RECALL_MS = 4_000

/** Something that was posted a while ago is shown once more where it hung, for as long as it takes to read it. */
export function recall(messages: Messages, posted: Entry, now: number): Messages {
  const hanging = messages.entries.get(posted.key)
  if (hanging) return put(messages, lingering(hanging, now))
  return put(messages, { ...posted, held: false, goesAt: now + RECALL_MS, grown: false })
}

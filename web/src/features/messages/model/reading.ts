/*
 * Time to read: one reader's hand on what hangs on the window. What is held does not go; let go, it
 * gets a moment; put away or muted, it is gone. All for this reader alone: nothing here is told to
 * anyone, and `expires_at` stays the truth for the others.
 */
import { goesAt, letGoAt, type LifeFactor } from './lifetime'
import { drop, put, type Entry, type Talk } from './messages'

/** A reader's pointer, focus or finger came upon it, or left it. */
export function hold(talk: Talk, key: string): Talk {
  const entry = talk.entries.get(key)
  return !entry || entry.held ? talk : put(talk, { ...entry, held: true })
}

export function release(talk: Talk, key: string, now: number): Talk {
  const entry = talk.entries.get(key)
  return entry?.held ? put(talk, lingering({ ...entry, held: false }, now)) : talk
}

/** The reader likes messages to stay longer, or no longer so long; those that would be gone get a moment. */
export function setFactor(talk: Talk, factor: LifeFactor, now: number): Talk {
  if (factor === talk.factor) return talk
  const entries = new Map(talk.entries)
  for (const entry of talk.entries.values()) {
    if (entry.state !== 'sent') continue
    const goes = goesAt(entry.timestamp, entry.expiresAt, factor)
    const next = { ...entry, goesAt: goes }
    entries.set(entry.key, goes > now ? next : lingering(next, now))
  }
  return { ...talk, entries, factor }
}

function lingering(entry: Entry, now: number): Entry {
  if (entry.state !== 'sent') return entry
  return { ...entry, goesAt: letGoAt(entry.timestamp, entry.expiresAt, entry.goesAt, now) }
}

/** Everything of this author goes, at once. */
export function forget(talk: Talk, userId: string): Talk {
  let next = talk
  for (const entry of talk.entries.values()) {
    if (!entry.mine && entry.userId === userId) next = drop(next, entry.key)
  }
  return next
}

const RECALL_MS = 4_000

/** Something that was said a while ago is shown once more where it hung, for as long as it takes to read it. */
export function recall(talk: Talk, said: Entry, now: number): Talk {
  const hanging = talk.entries.get(said.key)
  if (hanging) return put(talk, lingering(hanging, now))
  return put(talk, { ...said, held: false, goesAt: now + RECALL_MS, grown: false })
}

/*
 * What a client asks the server for: a snapshot when an event is missing (W19), and the profiles of people whom the roster
 * does not list (W20). Repeats a question that gets no answer.
 */
import type { Host } from './host.ts'

const WHO_AFTER_MS = 200
const WHO_AGAIN_MS = 10_000
const WHO_MAX = 50
/** a `sync` whose answer was lost, or too old, is repeated */
const SYNC_AGAIN_MS = 2_000

/** `isWaiting`: a snapshot is still needed. */
export function createAsking(
  { send, now, isHidden }: Host,
  isWaiting: () => boolean,
  isKnown: (userId: string) => boolean,
) {
  let syncTimer: ReturnType<typeof setTimeout> | undefined
  let whoTimer: ReturnType<typeof setTimeout> | undefined
  const unknown = new Set<string>()
  const askedAt = new Map<string, number>()

  function sync() {
    clearTimeout(syncTimer)
    // A hidden page waits until it is shown.
    if (!isHidden()) send({ type: 'sync' })
    syncTimer = setTimeout(() => {
      if (isWaiting()) sync()
    }, SYNC_AGAIN_MS)
  }

  function who() {
    whoTimer = undefined
    // When the page is shown, the next frames of these people ask again.
    if (isHidden()) return unknown.clear()
    const user_ids = [...unknown].slice(0, WHO_MAX)
    const at = now()
    for (const id of user_ids) {
      unknown.delete(id)
      askedAt.set(id, at)
    }
    send({ type: 'who', user_ids })
    if (unknown.size > 0) whoTimer = setTimeout(who, WHO_AFTER_MS)
  }

  return {
    /** Asks for a snapshot, until `isWaiting` is false. */
    sync,
    /** A snapshot came. */
    synced() {
      if (!isWaiting()) clearTimeout(syncTimer)
    },
    /** A cursor or draft of this user came; unknown users are asked for, many at a time. */
    meet(userId: string) {
      const asked = askedAt.get(userId) ?? -Infinity
      if (isKnown(userId) || now() - asked < WHO_AGAIN_MS) return
      unknown.add(userId)
      whoTimer ??= setTimeout(who, WHO_AFTER_MS)
    },
  }
}

/*
 * The messages of the last minutes, in memory only. This file records them from the start of a visit;
 * HistoryPanel.tsx shows them.
 */
import type { Entry } from '@asocial/client/core/messages'
import { createStore } from '../../../shared/store/store'

export const HISTORY_MS = 5 * 60_000
export const HISTORY_MAX = 2_000

export function createHistory(serverNow: () => number) {
  const list: Entry[] = []
  // Counts the records, so that a change is noticed without copying the list.
  const store = createStore<{ readonly count: number }>(() => ({ count: 0 }))
  function prune() {
    const oldest = serverNow() - HISTORY_MS
    let gone = Math.max(0, list.length - HISTORY_MAX)
    while (gone < list.length && (list[gone]?.timestamp ?? 0) < oldest) gone += 1
    if (gone > 0) list.splice(0, gone)
  }
  return {
    store,
    record(entry: Entry) {
      list.push(entry)
      prune()
      store.setState({ count: store.getState().count + 1 })
    },
    /** The server's clock was set: ages stay as they are. */
    shift(ms: number) {
      list.forEach((entry, at) => {
        list[at] = { ...entry, timestamp: entry.timestamp + ms, expiresAt: entry.expiresAt + ms }
      })
    },
    /** oldest first */
    all(): readonly Entry[] {
      prune()
      return list
    },
  }
}

export type HistoryStore = ReturnType<typeof createHistory>

/*
 * The recent channels, stored in the browser. They are read again before each change, because other tabs write too.
 */
import { forget, isStarred, readVisits, remember, star, type Visit } from '../model/recent'
import type { KeyStorage } from '../../../shared/store/deps'
import { createStore } from '../../../shared/store/store'

const KEY = 'recent'

export function createRecent(storage: KeyStorage, wallNow: () => number) {
  const read = () => readVisits(storage.read(KEY))
  const store = createStore<{ readonly visits: readonly Visit[] }>(() => ({ visits: read() }))
  const put = (visits: readonly Visit[]) => {
    storage.write(KEY, JSON.stringify(visits))
    store.setState({ visits })
  }
  storage.watch(KEY, (kept) => store.setState({ visits: readVisits(kept) }))
  return {
    store,
    wallNow,
    visit: (channel: string) => put(remember(read(), channel, wallNow())),
    /** Stores the link of a sealed channel. */
    keep: (channel: string, fragment: string) =>
      put(remember(read(), channel, wallNow(), fragment)),
    /** Updates the time of this visit, unless it was removed from the list. */
    stay(channel: string) {
      if (read().some((visit) => visit.channel === channel)) this.visit(channel)
    },
    forget: (channel: string) => put(forget(read(), channel)),
    star: (channel: string, on: boolean) => put(star(read(), channel, on, wallNow())),
    isStarred: (channel: string) => isStarred(read(), channel),
    /** A page brought back from the browser's history may be out of date. */
    refresh: () => store.setState({ visits: read() }),
  }
}

export type Recent = ReturnType<typeof createRecent>

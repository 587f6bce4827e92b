/*
 * The muted people (people/model/muted.ts), in every tab and after a reload. stores/receive.ts drops their frames,
 * stores/app.ts removes what they left on the page.
 */
import { mute, readMuted, unmute, writeMuted, type Muted } from '../model/muted'
import type { Deps } from '../../../shared/store/deps'
import { createStore } from '../../../shared/store/store'

const KEY = 'muted'

export function createMuted(deps: Deps) {
  const store = createStore<{ readonly people: Muted }>(() => ({
    people: readMuted(deps.storage.read(KEY)),
  }))
  const set = (people: Muted) => {
    store.setState({ people })
    deps.storage.write(KEY, writeMuted(people))
  }
  const people = () => store.getState().people
  deps.storage.watch(KEY, (text) => store.setState({ people: readMuted(text) }))
  return {
    store,
    has: (userId: string) => people().has(userId),
    mute: (userId: string, name: string) => set(mute(people(), userId, name)),
    unmute: (userId: string) => set(unmute(people(), userId)),
    /** `newly` is called for each user who is muted, in any tab. */
    onMuted(newly: (userId: string) => void) {
      store.subscribe((now, before) => {
        for (const id of now.people.keys()) if (!before.people.has(id)) newly(id)
      })
    },
  }
}

export type MutedStore = ReturnType<typeof createMuted>

/*
 * Whom this visitor does not want to hear (people/model/muted.ts), in every tab and after a reload. Who is
 * on the list is heard of nowhere: stores/receive.ts lets nothing of theirs in, stores/app.ts takes
 * away what is there.
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
    /** `newly` is called for each who comes onto the list, in whichever tab. */
    onMuted(newly: (userId: string) => void) {
      store.subscribe((now, before) => {
        for (const id of now.people.keys()) if (!before.people.has(id)) newly(id)
      })
    },
  }
}

export type MutedStore = ReturnType<typeof createMuted>

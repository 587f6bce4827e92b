/*
 * The user's settings (settings/model/settings.ts) as a store, kept in the browser. A change made in one
 * tab reaches the others.
 */
import { readSettings, writeSettings, type Settings } from '../model/settings'
import type { Deps } from '../../../shared/store/deps'
import { createStore } from '../../../shared/store/store'

const KEY = 'settings'

export function createSettings(deps: Deps) {
  const store = createStore<Settings>(() => readSettings(deps.storage.read(KEY)))
  deps.storage.watch(KEY, (text) => store.setState(readSettings(text)))
  return {
    store,
    set(change: Partial<Settings>) {
      store.setState(change)
      deps.storage.write(KEY, writeSettings(store.getState()))
    },
  }
}

export type SettingsStore = ReturnType<typeof createSettings>

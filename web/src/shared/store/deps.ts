/*
 * What the stores need from outside, passed in by app/main.tsx: the connection, the time, and storage.
 */
import type { Host } from '@asocial/client/core/host'

export interface KeyStorage {
  read(key: string): string | undefined
  write(key: string, value: string): void
  /** Calls `changed` when another tab of this browser wrote or removed it. */
  watch(key: string, changed: (value: string | undefined) => void): void
}

export interface Deps extends Host {
  /** Connect at once instead of waiting; ends a final refusal too. */
  connectNow(): void
  /** Connect again with our present identity. */
  reconnect(): void
  readonly storage: KeyStorage
  /** for this tab alone; survives a reload */
  readonly tab: Pick<KeyStorage, 'read' | 'write'>
  /** in this entry of the tab's history: survives a reload where storage is forbidden */
  readonly entry: Pick<KeyStorage, 'read' | 'write'>
}

/** Storage may be forbidden or full: then nothing is stored. */
export function browserStorage(
  storage: 'localStorage' | 'sessionStorage' = 'localStorage',
): KeyStorage {
  return {
    read(key) {
      try {
        return window[storage].getItem(`asocial.${key}`) ?? undefined
      } catch {
        return undefined
      }
    },
    write(key, value) {
      try {
        window[storage].setItem(`asocial.${key}`, value)
      } catch {
        // Forbidden or full.
      }
    },
    watch(key, changed) {
      addEventListener('storage', (event) => {
        // A null key: all of it was cleared.
        const ours = event.key === `asocial.${key}` || event.key === null
        if (ours) changed(event.newValue ?? undefined)
      })
    },
  }
}

/** A link within the page makes an entry without state: what earlier ones were given goes along. */
let written: Record<string, string> = {}

export const historyEntry: Deps['entry'] = {
  read: (key) => (history.state as Record<string, string> | null)?.[`asocial.${key}`],
  write(key, value) {
    const state = history.state as Record<string, string> | null
    written = { ...written, [`asocial.${key}`]: value }
    try {
      history.replaceState({ ...written, ...state, [`asocial.${key}`]: value }, '')
    } catch {
      // Forbidden in some frames, and when it is called too often.
    }
  },
}

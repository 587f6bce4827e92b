/*
 * The key that makes this browser one guest (W84). It is made and stored before the first connection, so that a page
 * which is reloaded before the server answers is the same guest. Two tabs of a first visit may each make one; both then use
 * the one that stays in the browser's storage.
 */
import { newGuestKey } from '@asocial/client/core/guest'
import type { Deps } from '../../../shared/store/deps'

const NAME = 'guest'
const KEY = /^guest-\w{64}$/

/** `changed` is called when the key of another tab replaced ours. */
export function createGuest({ storage, entry }: Deps, changed: () => void) {
  let key = ''
  let made = false
  storage.watch(NAME, () => {
    // Read from the storage, not from the event: two tabs that wrote at once each get the other's event.
    const kept = storage.read(NAME) ?? ''
    if (!made || kept === key || !KEY.test(kept)) return
    key = kept
    made = false
    changed()
  })
  return {
    key(): string {
      const kept = storage.read(NAME) || key || entry.read(NAME) || ''
      made ||= !KEY.test(kept)
      key = KEY.test(kept) ? kept : newGuestKey()
      storage.write(NAME, key)
      if (storage.read(NAME) !== key) entry.write(NAME, key)
      return key
    },
    forget() {
      key = ''
      storage.write(NAME, '')
      if (entry.read(NAME)) entry.write(NAME, '')
    },
  }
}

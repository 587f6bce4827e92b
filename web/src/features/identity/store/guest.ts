/*
 * The key that makes this browser one guest (W84). It is made and kept before the first connection: a page that is
 * loaded anew before the server could name us is the same guest, not a second one. Two tabs of a first visit may each
 * make one; the key that stays in the browser's storage is both tabs'.
 */
import type { Deps } from '../../../shared/store/deps'

const NAME = 'guest'
const KEY = /^guest-\w{64}$/
const BYTES = 32

/** `changed`: another tab's key is ours now. */
export function createGuest({ storage, entry }: Deps, changed: () => void) {
  let key = ''
  let made = false
  storage.watch(NAME, () => {
    // What the storage holds, not what the event says: of two that wrote at once both are told of the other.
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
      key = KEY.test(kept) ? kept : newKey()
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

/** Empty without Web Crypto: nobody may guess a key, so the server names this visit. */
function newKey(): string {
  const bytes = new Uint8Array(BYTES)
  try {
    crypto.getRandomValues(bytes)
  } catch {
    return ''
  }
  return `guest-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/*
 * The key of a guest (W84). A client has it before it connects, so that a first connection that breaks is the same user.
 */
const BYTES = 32

/** Empty without Web Crypto, because a key must not be guessable: the server then makes a new guest. */
export function newGuestKey(): string {
  const bytes = new Uint8Array(BYTES)
  try {
    crypto.getRandomValues(bytes)
  } catch {
    return ''
  }
  return `guest-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

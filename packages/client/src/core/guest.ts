/*
 * The key of a guest (W84). A client has it before it connects, so that a first connection that breaks is the same user.
 */
import { hexOf } from './random.ts'

const BITS = 256

/** Empty without Web Crypto, because a key must not be guessable: the server then makes a new guest. */
export function newGuestKey(): string {
  try {
    return `guest-${hexOf(crypto.getRandomValues(new Uint32Array(BITS / 32)))}`
  } catch {
    return ''
  }
}

/*
 * Random numbers for ids and names. They are not for secrets.
 */

/** `count` numbers of 0 to 2**32 - 1; also where there is no Web Crypto. */
export function randomWords(count: number): Uint32Array {
  const words = new Uint32Array(count)
  try {
    return crypto.getRandomValues(words)
  } catch {
    return words.map(() => Math.random() * 2 ** 32)
  }
}

/** An id for a message: 96 bits, in hex. `crypto.randomUUID` is missing on http at a LAN address. */
export function newId(): string {
  return Array.from(randomWords(3), (word) => word.toString(16).padStart(8, '0')).join('')
}

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

/** In hex, 8 digits for each number. */
export const hexOf = (words: Uint32Array) =>
  Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')

/** An id for a message: 96 bits. `crypto.randomUUID` is missing on http at a LAN address. */
export const newId = () => hexOf(randomWords(3))

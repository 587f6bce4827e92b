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

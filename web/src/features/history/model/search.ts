/*
 * Search in posted messages: a line matches if it contains every word, ignoring case and accents. Pure.
 */

/** Lower case without combining marks: é is e, й is и, אָ is א. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/** A test for lines, from what was typed. */
export function matcher(asked: string): (line: string) => boolean {
  const words = fold(asked).split(/\s+/).filter(Boolean)
  return (line) => {
    if (words.length === 0) return true
    const folded = fold(line)
    return words.every((word) => folded.includes(word))
  }
}

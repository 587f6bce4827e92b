/*
 * Finding in what was posted: each word asked for stands somewhere in a line, whatever its case and its
 * accents. Pure.
 */

/** Letters with their marks taken away: é is e, й is и, אָ is א. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/** A test for lines, of what was typed. */
export function matcher(asked: string): (line: string) => boolean {
  const words = fold(asked).split(/\s+/).filter(Boolean)
  return (line) => {
    if (words.length === 0) return true
    const folded = fold(line)
    return words.every((word) => folded.includes(word))
  }
}

/*
 * Text in graphemes: what a reader sees as one character (Unicode UAX #29). A limit counts code points, as
 * the server does; text is cut between graphemes only, never inside a family, a flag or an accented letter.
 */

/** The first code points, as whole graphemes, at most `limit` of them. */
export function cutAt(text: string, limit: number): string {
  if (text.length <= limit) return text
  let end = 0
  let points = 0
  for (const grapheme of graphemes(text)) {
    points += codePoints(grapheme)
    // A grapheme longer than the limit is not readable anyway: it is cut by code points.
    if (points > limit) return end > 0 ? text.slice(0, end) : [...grapheme].slice(0, limit).join('')
    end += grapheme.length
  }
  return text
}

export function firstGrapheme(text: string): string {
  for (const grapheme of graphemes(text)) return grapheme
  return ''
}

export const codePoints = (text: string) => [...text].length

export function* graphemes(text: string): Iterable<string> {
  // Missing in Firefox before 125.
  if (typeof Intl.Segmenter !== 'function') return yield* text.match(CLUSTER) ?? []
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  for (const { segment } of segmenter.segment(text)) yield segment
}

// Not state: a constant that is costly to make, so it is made when it is first needed.
// eslint-disable-next-line no-restricted-syntax
let segmenter: Intl.Segmenter | undefined

// UAX #29 for text that people write. It may keep more together than the standard does. One cluster is a line break;
// or a flag, the leading parts of a Hangul syllable, or any character, with all that extends it or is joined to it
// by a zero-width joiner or an Indic virama.
const JOINER = '[\\u200d\\u094d\\u09cd\\u0acd\\u0b4d\\u0c4d\\u0d4d]+'
const EXTEND =
  '[\\p{M}\\p{Emoji_Modifier}\\u200c\\u200d\\u{e0020}-\\u{e007f}\\u0e33\\u0eb3\\u1160-\\u11ff\\ud7b0-\\ud7fb]'
const CLUSTER = new RegExp(
  '\\r\\n|(?:\\p{RI}{2}|[\\u1100-\\u115f\\ua960-\\ua97c]+[\\uac00-\\ud7a3]?|[^])' +
    `(?:${JOINER}[\\p{L}\\p{Extended_Pictographic}]|${EXTEND})*`,
  'gu',
)

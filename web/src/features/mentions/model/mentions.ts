/*
 * Mentions: an @ and the name of somebody who is here (W117). Names may hold spaces and any script, so no separator ends
 * one: the longest name that fits counts.
 *
 * Texts are compared by graphemes, without case, and with any white space for a space. Pure.
 */
import { graphemes } from '../../../shared/text/graphemes'
import { mayMention } from '../../../shared/text/payload'

const AT = /^[@＠]$/
const WORD = /[\p{L}\p{N}_]/u
/** In these scripts no space stands between a name and what follows it. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u

export const isWord = (grapheme: string | undefined) =>
  grapheme !== undefined && WORD.test(grapheme)

const fold = (grapheme: string) =>
  /^\s/u.test(grapheme) ? ' ' : grapheme.normalize('NFC').toLowerCase()

export const folded = (text: string) => [...graphemes(text)].map(fold)

const beginsWith = (text: readonly string[], at: number, part: readonly string[]) =>
  part.length > 0 && part.every((grapheme, i) => text[at + i] === grapheme)

/** Whether a name may end before `next`: it is not cut out of a longer word. */
const mayEnd = (last: string | undefined, next: string | undefined) =>
  !isWord(next) || !isWord(last) || UNSPACED.test(last ?? '')

/** The names of `names` that a text mentions, each once. */
export function mentioned(text: string, names: Iterable<string>): Set<string> {
  const found = new Set<string>()
  if (!mayMention(text)) return found
  const words = folded(text)
  const all = [...new Set(names)].map((name) => ({ name, parts: folded(name) }))
  words.forEach((grapheme, at) => {
    if (!AT.test(grapheme) || isWord(words[at - 1])) return
    const fitting = all.filter(
      ({ parts }) =>
        beginsWith(words, at + 1, parts) && mayEnd(parts.at(-1), words[at + 1 + parts.length]),
    )
    const longest = Math.max(...fitting.map(({ parts }) => parts.length))
    // Several: names that differ in case only.
    for (const { name, parts } of fitting) if (parts.length === longest) found.add(name)
  })
  return found
}

/** Whether a text mentions the person named `own`. Of two people with one name it mentions both. */
export function mentions(text: string, own: string, others: Iterable<string>): boolean {
  return mayMention(text) && own !== '' && mentioned(text, [...others, own]).has(own)
}

/** What is being typed after an @, up to the insertion point. */
export interface Query {
  /** where the name begins in the text, after the @ */
  readonly start: number
  readonly text: string
}

const QUERY_MAX = 32
const QUERY = new RegExp(`[@＠]([^@＠\\n]{0,${QUERY_MAX}})$`, 'u')

/** Undefined: no name is being typed before `end`. */
export function queryOf(text: string, end: number): Query | undefined {
  const before = text.slice(0, end)
  const [whole, typed] = QUERY.exec(before) ?? []
  if (whole === undefined || typed === undefined) return undefined
  const start = end - typed.length
  if (isWord([...graphemes(before.slice(0, start - 1))].at(-1))) return undefined
  return { start, text: typed }
}

export interface Named {
  readonly user_id: string
  readonly name: string
}

/** The people whose name, or a word of it, begins with what was typed; the former first. One of each name. */
export function suggestions<T extends Named>(
  typed: string,
  people: readonly T[],
  most: number,
): T[] {
  const wanted = folded(typed)
  const ranked = people.flatMap((person) => {
    const parts = folded(person.name)
    const rank = wanted.length === 0 || beginsWith(parts, 0, wanted) ? 0 : 1
    const inside = parts.some((part, i) => part === ' ' && beginsWith(parts, i + 1, wanted))
    // A whole name needs no completion.
    const whole = rank === 0 && wanted.length === parts.length
    return (rank === 0 && !whole) || (rank === 1 && inside)
      ? [{ person, rank, key: parts.join('') }]
      : []
  })
  const once = new Map(ranked.map((each) => [each.key, each]))
  return [...once.values()]
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1))
    .slice(0, most)
    .map(({ person }) => person)
}

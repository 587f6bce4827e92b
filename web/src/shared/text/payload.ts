/*
 * What a message may contain, and how typed or pasted text is made to fit (W8).
 *
 * Lengths are Unicode code points, as the server counts them, not UTF-16 units.
 */
import { isVisible, MARKS, NOT_IN_TEXTS, TOO_MANY_MARKS } from '@asocial/client/core/text'
import { codePoints, cutAt } from './graphemes'

const FORBIDDEN = new RegExp(NOT_IN_TEXTS, 'gu')
const PILE = new RegExp(TOO_MANY_MARKS, 'gu')

/** W44: a character has at most eight combining marks; more would cover what is above and below. */
export function fewMarks(text: string): string {
  return text.replace(PILE, (pile) => [...pile].slice(0, MARKS).join(''))
}

export interface Cleaned {
  readonly text: string
  /** how many characters did not fit */
  readonly cut: number
}

/** A draft that the server accepts: tabs become spaces, control characters are removed, and it is cut at the limit. */
export function clean(raw: string, limit: number): Cleaned {
  const text = fewMarks(raw.replace(/\r\n?/g, '\n').replace(/\t/g, ' ').replace(FORBIDDEN, ''))
    // Half an emoji is not text; JSON would carry it and the server would refuse it.
    .toWellFormed()
  const kept = cutAt(text, limit)
  return { text: kept, cut: codePoints(text.slice(kept.length)) }
}

/** The payload of a `chat` frame; empty when no character is visible. */
export function finished(draft: string): string {
  return isVisible(draft) ? draft.trim() : ''
}

/** Whether it may contain a link: a cheap check for every message (the rules: messages/model/links.ts). */
export const mayLink = (text: string) => /https?:\/\/|www\./i.test(text)

/** Whether a text may hold a mention (features/mentions): cheap, as above. */
export const mayMention = (text: string) => /[@＠]/.test(text)

const RTL = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
const LETTER = /\p{L}/u

/** The direction of the first strong character, as with `dir="auto"`. */
export function directionOf(text: string): 'ltr' | 'rtl' {
  for (const character of text) {
    if (RTL.test(character)) return 'rtl'
    if (LETTER.test(character)) return 'ltr'
  }
  return 'ltr'
}

/*
 * What may be in a message, and how text typed or pasted is made to fit (W8).
 *
 * Lengths are Unicode code points, as the server counts them, not UTF-16 units.
 */
import { codePoints, cutAt } from './graphemes'

/** C0 but the line break, DEL, C1, and the bidirectional overrides: what the server refuses. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202d\u202e]/g

/**
 * Draws nothing by itself: what the server does not count as visible either (src/asocial/domain/visible.py).
 * Marks need a character to stand on; the three single characters have a blank glyph by definition.
 */
const INVISIBLE =
  /[\s\p{Z}\p{C}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}\u{16fe4}]/u
const UNASSIGNED = /(?!\p{Noncharacter_Code_Point}|\p{Default_Ignorable_Code_Point})\p{Cn}/u

/** W8, W23: whether at least one character shows. Unassigned ones may be newer than this browser, and count. */
export function isVisible(text: string): boolean {
  for (const character of text) {
    if (!INVISIBLE.test(character) || UNASSIGNED.test(character)) return true
  }
  return false
}

const MARKS = 8
const PILE = /(?:[\p{Mn}\p{Me}][\p{Mc}\p{Cf}]*){9,}/gu

/** W44: a character carries at most eight combining marks; more paint over what is above and below. */
export function fewMarks(text: string): string {
  return text.replace(PILE, (pile) => [...pile].slice(0, MARKS).join(''))
}

export interface Cleaned {
  readonly text: string
  /** how many characters did not fit */
  readonly cut: number
}

/** A draft that the server will take: tabs become spaces, control characters go, what is too long is cut. */
export function clean(raw: string, limit: number): Cleaned {
  const text = fewMarks(raw.replace(/\r\n?/g, '\n').replace(/\t/g, ' ').replace(CONTROL, ''))
    // Half an emoji is not text; JSON would carry it and the server would refuse it.
    .toWellFormed()
  const kept = cutAt(text, limit)
  return { text: kept, cut: codePoints(text.slice(kept.length)) }
}

/** What goes out as a `chat`; empty when nothing in it shows. */
export function finished(draft: string): string {
  return isVisible(draft) ? draft.trim() : ''
}

/** Whether an address may be in it: cheap, and asked of everything that is posted (the rules: messages/model/links.ts). */
export const mayLink = (text: string) => /https?:\/\/|www\./i.test(text)

const RTL = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
const LETTER = /\p{L}/u

/** As `dir="auto"` decides it: the first strong character. Words grow away from their point. */
export function directionOf(text: string): 'ltr' | 'rtl' {
  for (const character of text) {
    if (RTL.test(character)) return 'rtl'
    if (LETTER.test(character)) return 'ltr'
  }
  return 'ltr'
}

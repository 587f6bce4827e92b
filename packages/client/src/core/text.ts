/*
 * What a message and a name may hold, as the server has it (W8, W23, W44). A client makes what is typed fit, and checks what
 * the server could not read (W199).
 */

/** C0 except tab and line feed, DEL, C1, and the bidirectional overrides. The server makes a space of a tab. */
export const NOT_IN_TEXTS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]/u
/** All control characters, and all that direct text: a name must not change the line that it is in. */
export const NOT_IN_NAMES = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

export const MARKS = 8
/** More than MARKS on a character; spacing marks and format characters do not start a new count. */
export const TOO_MANY_MARKS = /(?:[\p{Mn}\p{Me}][\p{Mc}\p{Cf}]*){9,}/u

/**
 * Characters that draw nothing, as in the server (src/asocial/domain/visible.py). Marks need a base character; the three
 * single characters are blank by definition.
 */
const INVISIBLE =
  /[\s\p{Z}\p{C}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}\u{16fe4}]/u
const UNASSIGNED = /(?!\p{Noncharacter_Code_Point}|\p{Default_Ignorable_Code_Point})\p{Cn}/u

/** Whether at least one character shows. Unassigned ones may be newer than this program's Unicode, and count. */
export function isVisible(text: string): boolean {
  for (const character of text) {
    if (!INVISIBLE.test(character) || UNASSIGNED.test(character)) return true
  }
  return false
}

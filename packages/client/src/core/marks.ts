/*
 * Combining marks (W44).
 */

/** More than eight marks on a character; spacing marks and format characters do not start a new count. */
export const TOO_MANY_MARKS = /(?:[\p{Mn}\p{Me}][\p{Mc}\p{Cf}]*){9,}/u

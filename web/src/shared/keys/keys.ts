/*
 * What a key press means, on every keyboard layout. All shortcuts ask here and nowhere else (lint enforces it).
 *
 * It answers two questions: does the key type something, and which command is it? A sign is found by its character, wherever
 * the layout has it. A Latin letter is too; where the layout has none, it is found by its place on a US keyboard. Pure.
 */

/** A KeyboardEvent of the browser, not React's own. */
export interface Press {
  readonly key: string
  readonly code: string
  readonly keyCode: number
  readonly ctrlKey: boolean
  readonly shiftKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
  readonly isComposing: boolean
  getModifierState(name: string): boolean
}

/** Names of keys that type nothing, as UI Events spells them: `Enter`, `F1`, `Dead`. */
const NAMED = /^[A-Z][A-Za-z0-9]+$/
/** Letters and signs that belong to letters, as in Devanagari. */
const LETTER = /^[\p{L}\p{M}]/u
const LATIN = /^\p{Script=Latin}/u
const DIGIT = /^\p{Nd}$/u
const LETTER_PLACE = /^Key([A-Z])$/
const DIGIT_PLACE = /^(?:Digit|Numpad)([0-9])$/
/** Signs of other scripts that mean the same. */
const SAME_SIGN: Readonly<Record<string, string | undefined>> = {
  '؟': '?',
  '،': ',',
  '؛': ';',
  '۔': '.',
  // as Chinese and Japanese input methods type them
  '？': '?',
  '，': ',',
  '；': ';',
  '：': ':',
  '。': '.',
  '／': '/',
}

/** The key belongs to an input method. 229: some browsers end a composition before the event of the key that ended it. */
export const isComposing = ({ isComposing, keyCode }: Press) => isComposing || keyCode === 229

/**
 * The key types a character. `mac`: there the Option key (`altKey`) types; on other systems Alt opens menus, and AltGr
 * types, which some browsers report as Ctrl and Alt together.
 */
export function isTyping(press: Press, mac: boolean): boolean {
  const { key, ctrlKey, altKey, metaKey } = press
  if (isComposing(press) || metaKey || NAMED.test(key) || key.trim() === '') return false
  if (press.getModifierState('AltGraph')) return true
  // No layout has plain letters and digits on AltGr: with Ctrl and Alt they are somebody's shortcut.
  if (ctrlKey) return !mac && altKey && !/^[a-z0-9]$/i.test(key)
  return mac || !altKey
}

/** The command's name: a key's name, a small Latin letter, a digit or a sign; '' for what is no command. */
export function commandOf(press: Press): string {
  const { key, code } = press
  if (isComposing(press) || key === 'Dead') return ''
  if (NAMED.test(key)) return key
  if (/^[\x20-\x7e]$/.test(key)) return key.toLowerCase()
  if (DIGIT.test(key)) return DIGIT_PLACE.exec(code)?.[1] ?? ''
  if (LETTER.test(key) && !LATIN.test(key)) return LETTER_PLACE.exec(code)?.[1]?.toLowerCase() ?? ''
  return SAME_SIGN[key] ?? ''
}

/** The command of a key that is pressed without Ctrl, Alt or Cmd. Shift is allowed, because layouts need it for signs. */
export const plainCommandOf = (press: Press) =>
  press.ctrlKey || press.altKey || press.metaKey ? '' : commandOf(press)

/** The key pressed together with Ctrl or Cmd: a sign by its character, a digit by its place, as in browsers. */
export function chordOf(press: Press): string {
  const command = commandOf(press)
  return /^[+=_-]$/.test(command) ? command : (DIGIT_PLACE.exec(press.code)?.[1] ?? command)
}

/**
 * The digit of Ctrl+Shift and a key of the row above the letters, found by its place; '' for other keys. No layout types
 * anything with Ctrl and Shift. Where the layout has + or - on that key, it zooms.
 */
export function reactionDigit(press: Press): string {
  const { ctrlKey, shiftKey, altKey, metaKey, code } = press
  const held = ctrlKey && shiftKey && !altKey && !metaKey && !press.getModifierState('AltGraph')
  const digit = held && code.startsWith('Digit') && !isComposing(press) ? chordOf(press) : ''
  return DIGIT.test(digit) ? digit : ''
}

/*
 * The size of a message's text, estimated without the browser, so that every page places messages alike. Pixels at text
 * scale 1, as in messages.css; rather too large than too small. Pure.
 */
import type { Size } from '../../canvas/model/camera'
import { LINE_PX } from './place'

/** twentieths of an em, base 36, from the space to the tilde: Recursive's, which are the same at every weight */
const ASCII =
  '67ccccc788cc7979cccccccccc77ccccldccdbbddaacbgddcdcccddjccc9c9cc7ccacc8cc77c7hcccc9baccgccbb6bc'
const UNIT_PX = 21 / 20
const OTHER_PX = 14
const WIDE_PX = 21
const EMOJI_PX = 28

/** 0: it joins the character before. */
function widthOf(code: number): number {
  if (code < 127) return parseInt(ASCII[code - 32] ?? 'c', 36) * UNIT_PX
  if ((code >= 0x300 && code < 0x370) || (code >= 0x200b && code < 0x2010) || code === 0xfe0f)
    return 0
  if (code >= 0x1f000) return EMOJI_PX
  return isWide(code) ? WIDE_PX : OTHER_PX
}

/** Chinese, Japanese and Korean: a line may break before each. */
const isWide = (code: number) =>
  code >= 0x1100 && (code < 0x1200 || (code >= 0x2e80 && code < 0xfb00))

export const textWidth = (text: string) =>
  [...text].reduce((sum, char) => sum + widthOf(char.codePointAt(0) ?? 0), 0)

/** `broken`: a word is too long for a line. */
export function textSize(text: string, widest: number): Size & { broken: boolean } {
  let width = 0
  let lines = 0
  let broken = false
  for (const line of text.split('\n')) {
    let reach = 0
    let word = 0
    lines += 1
    for (const char of line) {
      const code = char.codePointAt(0) ?? 0
      const own = widthOf(code)
      if (code === 32 || isWide(code)) word = 0
      if (code !== 32) word += own
      reach += own
      // Spaces hang over the end of a line.
      if (code === 32 || reach <= widest) continue
      lines += 1
      width = widest
      if (word > widest) {
        broken = true
        word = own
      }
      reach = word
    }
    width = Math.max(width, Math.min(reach, widest))
  }
  return { width, height: lines * LINE_PX, broken }
}

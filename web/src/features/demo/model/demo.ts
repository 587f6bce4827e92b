/*
 * The start page's demonstration: a few invented people on a small piece of the plane, as a list
 * of timed events. The player (demo/store/demo.ts) feeds them into the stores that a server's frames go to.
 *
 * Positions are shares of the free area, so that they fit a phone and a wide screen. Pure: the player passes time and
 * area in.
 */
import { codePoints, graphemes } from '../../../shared/text/graphemes'
import type { Point, Size } from '../../canvas/model/camera'

export interface Line {
  readonly who: number
  /** ms into the round at which the first letter is typed */
  readonly at: number
  /** 0 to 1: of the room that the line leaves free, from the left and from the top */
  readonly x: number
  readonly y: number
  /** shown where reduced motion is set */
  readonly still?: true
}

export const COLORS = ['teal', 'rust', 'violet', 'olive'] as const

/** In the order of the words they say. */
export const LINES: readonly Line[] = [
  { who: 0, at: 1_000, x: 0.16, y: 0.12, still: true },
  { who: 1, at: 4_000, x: 0.74, y: 0.46, still: true },
  { who: 2, at: 6_400, x: 0.34, y: 0.86, still: true },
  { who: 3, at: 10_200, x: 0.78, y: 0.04 },
  { who: 0, at: 12_000, x: 0.42, y: 0.34 },
  { who: 1, at: 15_800, x: 0.1, y: 0.64 },
  { who: 2, at: 18_400, x: 0.8, y: 0.92 },
  { who: 3, at: 21_600, x: 0.3, y: 0.1 },
  { who: 0, at: 25_000, x: 0.52, y: 0.5 },
]
export const ROUND_MS = 33_000

export type DemoEvent = { readonly at: number } & (
  | { readonly kind: 'draft'; readonly line: number; readonly text: string }
  | { readonly kind: 'posted'; readonly line: number; readonly text: string }
  /** a fingertip, `part` (0 to 1) of the way from one line to the next, and `aside` from it */
  | {
      readonly kind: 'tip'
      readonly who: number
      readonly from: number
      readonly to: number
      readonly part: number
      readonly aside: number
    }
)

const LETTER_MS = 68
const SPACE_MS = 46
const PAUSE_MS = 210
/** between the last letter and Enter */
const ENTER_MS = 320
const GLIDE_MS = 850
const GLIDE_STEP_MS = 50
/** A moment after posting, the pointer moves away from the message. */
const REST_MS = 420
const ASIDE_MS = 600

/** Letter by letter, at uneven intervals, which are the same in every run. */
function typed(text: string): { after: number; text: string }[] {
  const steps: { after: number; text: string }[] = []
  let shown: string[] = []
  let after = 0
  for (const [index, letter] of [...graphemes(text)].entries()) {
    if (letter === '\b') after += PAUSE_MS
    shown = letter === '\b' ? shown.slice(0, -1) : [...shown, letter]
    steps.push({ after, text: shown.join('') })
    after += LETTER_MS + ((index * 37) % 7) * 9
    if (letter === ' ') after += SPACE_MS
    if (/[\p{P}\b]/u.test(letter)) after += PAUSE_MS
  }
  return steps
}

function glide(lasts: number): { after: number; part: number }[] {
  const steps = Math.round(lasts / GLIDE_STEP_MS)
  return Array.from({ length: steps + 1 }, (_, step) => {
    const t = step / steps
    return { after: t * lasts, part: t * t * (3 - 2 * t) }
  })
}

/** What a line reads in the end. */
export function finalText(text: string): string {
  return typed(text).at(-1)?.text ?? ''
}

/** One round, in the order of time. */
export function scoreOf(texts: readonly string[]): DemoEvent[] {
  const events: DemoEvent[] = []
  const lastOf = new Map<number, number>()
  for (const [line, { who, at }] of LINES.entries()) {
    const from = lastOf.get(who) ?? line
    lastOf.set(who, line)
    for (const { after, part } of glide(GLIDE_MS)) {
      events.push({
        at: at - GLIDE_MS - 60 + after,
        kind: 'tip',
        who,
        from,
        to: line,
        part,
        aside: 1 - part,
      })
    }
    const letters = typed(texts[line] ?? '')
    for (const { after, text } of letters)
      events.push({ at: at + after, kind: 'draft', line, text })
    const end = letters.at(-1)
    if (!end) continue
    const posted = at + end.after + ENTER_MS
    events.push({ at: posted, kind: 'posted', line, text: end.text })
    for (const { after, part } of glide(ASIDE_MS)) {
      events.push({
        at: posted + REST_MS + after,
        kind: 'tip',
        who,
        from: line,
        to: line,
        part: 1,
        aside: part,
      })
    }
  }
  return events.sort((a, b) => a.at - b.at)
}

/** px; as the words are set (messages/messages.css) */
const LETTER_PX = 11
const LINE_PX = 28
const WIDEST_PX = 420
const LOW_ROOM_PX = 210

/** The position of a line in an area around the middle of the channel. */
export function placeIn(room: Size, line: number, text: string): Point {
  const { x, y } = LINES[line] ?? { x: 0, y: 0 }
  const width = Math.min(codePoints(text) * LETTER_PX, WIDEST_PX, room.width)
  return {
    x: -room.width / 2 + x * (room.width - width),
    y: -room.height / 2 + LINE_PX + y * Math.max(0, room.height - 2 * LINE_PX),
  }
}

/** On a phone in landscape, half of the lines are left out. */
export function isLeftOut(room: Size, line: number): boolean {
  return room.height < LOW_ROOM_PX && line % 2 === 1
}

/** Where a fingertip is for words at `at`: on them while it writes, below and to the side after. */
export function tipAt(at: Point, aside: number): Point {
  return { x: at.x + 14 + 50 * aside, y: at.y + 12 + 34 * aside }
}

/*
 * The start page's demonstration, played into a visit's real stores. Time is Vitest's fake one.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  COLORS,
  finalText,
  LINES,
  placeIn,
  ROUND_MS,
  scoreOf,
} from '../../../src/features/demo/model/demo'
import { DEFAULT_TTL } from '@asocial/client/core/frames'
import { lifeOf } from '@asocial/client/core/life'
import { isColor } from '../../../src/shared/palette'
import { DEMO_STRINGS } from '../../../src/shared/i18n/en-sharing'
import { createDemo } from '../../../src/features/demo/store/demo'
import { setUp } from '../../support/visitor'

describe('the script', () => {
  const score = scoreOf(DEMO_STRINGS.lines)

  test('has a line for every text, and an author for every line', () => {
    expect(LINES).toHaveLength(DEMO_STRINGS.lines.length)
    for (const { who } of LINES) {
      expect(DEMO_STRINGS.people[who]).toBeDefined()
      expect(isColor(COLORS[who])).toBe(true)
    }
  })

  test('text grows letter by letter, with corrections, and is posted in the end', () => {
    const drafts = scoreOf(['ab\bc']).filter((event) => event.kind === 'draft' && event.line === 0)
    expect(drafts.map((event) => 'text' in event && event.text)).toEqual(['a', 'ab', 'a', 'ac'])
    for (const [line, text] of DEMO_STRINGS.lines.entries()) {
      const posted = score.filter((event) => event.kind === 'posted' && event.line === line)
      expect(posted.map((event) => 'text' in event && event.text)).toEqual([finalText(text)])
      expect(finalText(text)).not.toContain('\b')
    }
  })

  test('is in order, and everything is gone when the next round begins', () => {
    for (const [index, event] of score.entries()) {
      expect(event.at).toBeGreaterThanOrEqual(score[index - 1]?.at ?? 0)
      const end =
        event.kind === 'posted' ? event.at + lifeOf(DEFAULT_TTL, event.text.length) : event.at
      expect(end).toBeLessThanOrEqual(ROUND_MS + 1_000)
    }
  })

  test('fits into every room', () => {
    for (const room of [
      { width: 319, height: 220 },
      { width: 1_100, height: 500 },
    ]) {
      for (const [line, text] of DEMO_STRINGS.lines.entries()) {
        const { x, y } = placeIn(room, line, finalText(text))
        expect(x).toBeGreaterThanOrEqual(-room.width / 2)
        expect(x + Math.min(text.length * 11, room.width)).toBeLessThanOrEqual(room.width / 2 + 12)
        expect(Math.abs(y)).toBeLessThanOrEqual(room.height / 2)
      }
    }
  })
})

describe('the demonstration', () => {
  beforeEach(() => vi.useFakeTimers({ now: 50_000 }))
  afterEach(() => vi.useRealTimers())

  const start = (height = 400) => {
    const visit = setUp([])
    const { receive } = visit
    const room = () => ({ width: 800, height })
    const demo = createDemo({ receive, now: Date.now, room }, DEMO_STRINGS)
    return { ...visit, demo }
  }

  test('one round after the other, each message appears and vanishes', () => {
    const { demo, entries } = start()
    demo.play()
    const heard: string[] = []
    let drafts = 0
    for (let ms = 0; ms < 2 * ROUND_MS; ms += 20) {
      vi.advanceTimersByTime(20)
      for (const { key, state, text } of entries()) {
        if (state === 'draft') drafts += 1
        if (state === 'sent' && !heard.includes(`${key} ${text}`)) heard.push(`${key} ${text}`)
      }
    }
    expect(heard).toHaveLength(2 * LINES.length)
    expect(drafts).toBeGreaterThan(500)
    demo.pause()
    vi.advanceTimersByTime(20_000)
    expect(entries()).toEqual([])
  })

  test('paused, nothing new is written, and it goes on where it was', () => {
    const { demo, entries, sent } = start()
    demo.play()
    vi.advanceTimersByTime(1_500)
    const begun = entries()[0]?.text ?? ''
    expect(begun.length).toBeGreaterThan(2)
    demo.pause()
    demo.pause()
    vi.advanceTimersByTime(5_000)
    expect(entries()[0]?.text).toBe(begun)
    vi.advanceTimersByTime(3_600_000)
    expect(entries()).toEqual([])
    demo.play()
    demo.play()
    vi.advanceTimersByTime(200)
    expect(entries()[0]?.text.startsWith(begun)).toBe(true)
    expect(entries()[0]?.text.length).toBeLessThan(begun.length + 5)
    expect(sent.filter((frame) => frame.type !== 'ping')).toEqual([])
  })

  test('in a low room every second line is left out', () => {
    const { demo, entries } = start(150)
    demo.play()
    const heard = new Set<string>()
    for (let ms = 0; ms < ROUND_MS; ms += 20) {
      vi.advanceTimersByTime(20)
      for (const { state, text } of entries()) if (state === 'sent') heard.add(text)
    }
    expect([...heard]).toEqual(
      DEMO_STRINGS.lines.filter((_, line) => line % 2 === 0).map(finalText),
    )
  })

  test('with reduced motion it shows one moment', () => {
    const { demo, entries, app } = start()
    demo.stand()
    const still = LINES.filter((line) => line.still).length
    expect(still).toBeGreaterThanOrEqual(3)
    expect(entries()).toHaveLength(still)
    vi.advanceTimersByTime(3_600_000)
    expect(entries()).toHaveLength(still)
    expect(app.cursors.movers.size).toBe(0)
  })
})

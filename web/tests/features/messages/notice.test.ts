/* The notice of a message that was not sent: where it lies, and what it never covers. */
import { describe, expect, test } from 'vitest'
import { meet, type Box } from '../../../src/features/canvas/model/boxes'
import { labelPlace, noticePlace, type Around } from '../../../src/features/messages/model/notice'

const box = (left: number, top: number, width: number, height: number): Box => ({
  ...{ left, top },
  ...{ right: left + width, bottom: top + height },
})
const FRAME = box(10, 10, 980, 480)
const SIZE = { width: 300, height: 30 }
const SHORT = { width: 120, height: 30 }
const NOTHING: Around = { frame: FRAME, controls: [], texts: [], written: [], notices: [] }
const place = (text: Box, around: Partial<Around> = {}, rtl = false, before?: Box) =>
  noticePlace(
    ...([text, SIZE, SHORT, rtl, { ...NOTHING, ...around }] as const),
    before && { box: before, short: false },
  )
const put = (...args: Parameters<typeof place>): Box => {
  const found = place(...args)
  if (!found) throw new Error('it has no place')
  return found.box
}

describe('the notice of a message', () => {
  test('lies above it, from where it is read on', () => {
    const text = box(400, 200, 150, 28)
    expect(put(text)).toEqual(box(400, 170, 300, 30))
    expect(put(text, {}, true)).toEqual(box(250, 170, 300, 30))
  })

  test.each([
    ['left', box(-60, 200, 150, 28)],
    ['right', box(950, 200, 150, 28)],
    ['upper', box(400, 5, 150, 28)],
    ['lower', box(400, 480, 150, 28)],
    ['upper left', box(-140, -20, 170, 40)],
  ])('is within the view at the %s edge', (_, text) => {
    for (const rtl of [false, true]) {
      const { left, top, right, bottom } = put(text, {}, rtl)
      expect(left).toBeGreaterThanOrEqual(FRAME.left)
      expect(top).toBeGreaterThanOrEqual(FRAME.top)
      expect(right).toBeLessThanOrEqual(FRAME.right)
      expect(bottom).toBeLessThanOrEqual(FRAME.bottom)
      expect(meet({ left, top, right, bottom }, text)).toBe(false)
    }
  })

  test('goes below, or beside, where a text is above', () => {
    const text = box(400, 200, 150, 28)
    const above = box(400, 165, 150, 28)
    const below = box(400, 235, 150, 28)
    expect(put(text, { texts: [above] }).top).toBe(text.bottom)
    const beside = put(text, { texts: [above, below] })
    expect(beside.left).toBeGreaterThanOrEqual(text.right)
    expect(beside.top + 15).toBe(214)
    expect(put(text, { texts: [above, below] }, true).right).toBeLessThanOrEqual(text.left)
  })

  test('stays where it is, although a better place is free again', () => {
    const text = box(400, 200, 150, 28)
    const below = box(400, 228, 300, 30)
    expect(put(text, {}, false, below)).toEqual(below)
    expect(put(text, { texts: [box(500, 240, 50, 28)] }, false, below).top).toBe(170)
  })

  test('covers text where there is no room, but no control and no other notice', () => {
    const text = box(400, 200, 150, 28)
    const all = box(0, 0, 1000, 500)
    const controls = [box(390, 165, 320, 30)]
    const notices = [box(390, 232, 320, 30)]
    const there = put(text, { texts: [all], controls, notices })
    for (const each of [text, ...controls, ...notices]) expect(meet(there, each)).toBe(false)
    expect(meet(there, FRAME)).toBe(true)
  })

  test('is short where there is no room for all of it, and whole again', () => {
    const text = box(400, 200, 150, 28)
    const around = {
      texts: [
        box(0, 0, 1000, 191),
        box(0, 237, 1000, 300),
        box(700, 190, 300, 50),
        box(0, 190, 250, 50),
      ],
    }
    expect(place(text, around)).toEqual({ box: box(553, 199, 120, 30), short: true })
    expect(place(text, around, true)).toEqual({ box: box(277, 199, 120, 30), short: true })
    const short = { box: box(553, 199, 120, 30), short: true }
    const again = noticePlace(text, SIZE, SHORT, false, { ...NOTHING, ...around }, short)
    expect(again).toEqual(short)
    expect(noticePlace(text, SIZE, SHORT, false, NOTHING, short)?.short).toBe(false)
  })

  test('leaves room for a text that is written, and lies on it in no case', () => {
    const text = box(400, 200, 150, 28)
    const written = [box(300, 165, 60, 28)]
    expect(put(text, { written }).top).toBe(text.bottom)
    // Only above it, and below what is written on its left.
    const texts = [
      box(0, 230, 1000, 300),
      box(704, 0, 300, 240),
      box(0, 195, 395, 40),
      box(552, 204, 200, 30),
    ]
    texts.push(box(0, 0, 1000, 160))
    expect(put(text, { written, texts })).toEqual(box(400, 170, 300, 30))
    expect(place(text, { written: [box(0, 0, 1000, 500)] })).toBeUndefined()
  })

  test('goes along with a message that is not in view', () => {
    expect(put(box(-400, 200, 150, 28))).toEqual(box(-400, 170, 300, 30))
  })
})

describe('the label of a message that is on its way', () => {
  const label = { width: 50, height: 22 }
  const text = box(400, 200, 300, 56)
  const last = box(400, 228, 80, 28)
  const put = (around: Partial<Around> = {}, rtl = false, end = last) =>
    labelPlace(text, end, label, rtl, { ...NOTHING, ...around })

  test('lies after the end of the text', () => {
    expect(put()).toEqual(box(489, 234, 50, 22))
    expect(put({}, true, box(620, 228, 80, 28))).toEqual(box(561, 234, 50, 22))
  })

  test('goes above or below, where a text is', () => {
    const after = box(480, 230, 100, 28)
    const above = box(400, 165, 150, 28)
    expect(put({ texts: [after] })).toEqual(box(400, 178, 50, 22))
    expect(put({ texts: [after] }, true, box(590, 228, 110, 28))?.right).toBe(700)
    expect(put({ texts: [after, above] })).toEqual(box(400, 256, 50, 22))
  })

  test('has no place where it would cover anything, or leave the view', () => {
    const around = [box(480, 230, 100, 28), box(400, 165, 150, 28), box(400, 270, 150, 28)]
    expect(put({ texts: around })).toBeUndefined()
    expect(put({ controls: around })).toBeUndefined()
    expect(put({ notices: around })).toBeUndefined()
    expect(put({ frame: box(350, 200, 130, 56) })).toBeUndefined()
  })
})

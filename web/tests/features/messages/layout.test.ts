/* Messages make room for each other: who moves, who becomes a dot, and who stays. */
import { describe, expect, test } from 'vitest'
import { meet, type Box } from '../../../src/features/canvas/model/boxes'
import { NAME_PX, REACH_PX } from '../../../src/features/messages/model/fit'
import { createLayout } from '../../../src/features/messages/model/layout'
import {
  AT_ITS_POINT,
  layoutScale,
  LINE_PX,
  type Frame,
  type Hung,
  type Place,
} from '../../../src/features/messages/model/place'
import { textSize } from '../../../src/features/messages/model/text-size'

const FRAME: Frame = { scale: 1, widest: 420 }
const ALL = () => true

const hung = (key: string, x: number, y: number, more: Partial<Hung> = {}): Hung => ({
  ...{ key, userId: key, mine: false, at: { x, y }, text: 'some words', state: 'sent' },
  ...{ name: 'Ann', held: false, rtl: false, timestamp: 0, goesAt: 5_000 },
  ...more,
})

function boxOf({ text, at, rtl }: Hung, place: Place): Box {
  const { width, height } = textSize(text, place.widest ?? FRAME.widest)
  const left = at.x + place.dx - (rtl ? width : 0)
  const top = at.y + place.dy - LINE_PX / 2
  return { left, top: top - (place.named ? NAME_PX : 0), right: left + width, bottom: top + height }
}

/** Lays out each list after the one before; the places of the last. */
function shown(...lists: readonly (readonly Hung[])[]) {
  const layOut = createLayout()
  const places = lists.map((list) => layOut(list, FRAME, ALL)).at(-1)
  return (key: string) => places?.get(key) ?? AT_ITS_POINT
}

function covered(list: readonly Hung[], at: (key: string) => Place): string[] {
  const texts = list.filter(({ key }) => !at(key).dot)
  return texts.flatMap((a, i) =>
    texts
      .slice(i + 1)
      .filter((b) => meet(boxOf(a, at(a.key)), boxOf(b, at(b.key))))
      .map((b) => `${a.key} ${b.key}`),
  )
}

const isStill = ({ dx, dy, dot }: Place) => dx === 0 && dy === 0 && !dot

describe('making room', () => {
  test('a message with room around it stays at its point', () => {
    const at = shown([hung('a', 0, 0), hung('b', 0, 200), hung('c', 400, 0)])
    for (const key of ['a', 'b', 'c']) expect(isStill(at(key))).toBe(true)
  })

  test('only the new message moves, a little and up or down', () => {
    const list = [hung('a', 0, 0), hung('b', 10, 5)]
    const at = shown(list.slice(0, 1), list)
    expect(isStill(at('a'))).toBe(true)
    expect(at('b')).toMatchObject({ dx: 0, dot: false })
    expect(Math.abs(at('b').dy)).toBeLessThan(60)
    expect(covered(list, at)).toEqual([])
  })

  test('a draft that grows into a neighbour gets shorter lines, and nobody moves', () => {
    const text = 'forty letters that go on and on and on..'
    const b = hung('b', 280, 0, { text: 'said before' })
    const grown = hung('a', 0, 0, { state: 'draft', text })
    const steps = [...text].map((_, end) => [b, { ...grown, text: text.slice(0, end + 1) }])
    const at = shown([b], ...steps)
    expect(isStill(at('b'))).toBe(true)
    expect(isStill(at('a'))).toBe(true)
    expect(at('a').widest).toBeLessThan(280)
    expect(covered([b, grown], at)).toEqual([])
  })

  test('a draft that has no room to grow moves, what was there before does not', () => {
    const b = hung('b', 30, 0, { text: 'said before' })
    const grown = hung('a', 0, 0, { state: 'draft', text: 'a draft' })
    const at = shown([b], [b, grown])
    expect(isStill(at('b'))).toBe(true)
    expect(at('a').dy).not.toBe(0)
    expect(covered([b, grown], at)).toEqual([])
  })

  test('our own draft stays where we write, and what it grows into moves', () => {
    const below = hung('b', 0, 40, { text: 'right below' })
    const own = hung('me', 0, 0, {
      mine: true,
      state: 'draft',
      caret: true,
      held: true,
      text: 'one',
    })
    const grown = { ...own, text: 'one\ntwo\nthree' }
    const at = shown([below], [below, own], [below, grown])
    expect(isStill(at('me'))).toBe(true)
    expect(isStill(at('b'))).toBe(false)
    expect(covered([below, grown], at)).toEqual([])
  })

  test('lines of ours that were not sent are in the way, with what is beside them, and are never dots', () => {
    const notice = { left: 95, top: 0, right: 395, bottom: 28 }
    const late = hung('late', 0, 0, { mine: true, state: 'late', text: 'not sent', notice })
    const b = hung('b', 150, 0)
    const at = shown([late], [late, b])
    expect(isStill(at('late'))).toBe(true)
    expect(isStill(at('b'))).toBe(false)
    const pile = Array.from({ length: 30 }, (_, n) => hung(`n${n}`, n, 0, { timestamp: n }))
    expect(shown([late], ...pile.map((_, n) => [late, ...pile.slice(0, n + 1)]))('late').dot).toBe(
      false,
    )
  })

  test('lines of one author stay together, and only the first has the name', () => {
    const at = shown([hung('a', 0, 0), hung('b', 0, 35, { userId: 'a' })])
    expect(isStill(at('b'))).toBe(true)
    expect([at('a').named, at('b').named]).toEqual([true, false])
  })

  test('text from right to left makes room on its left', () => {
    const text = 'שלום לכולם אני כותב כאן שורה ארוכה'
    const list = [hung('a', -280, 0, { text: 'here' }), hung('b', 0, 0, { rtl: true, text })]
    expect(covered(list, shown(list))).toEqual([])
  })
})

describe('no room', () => {
  /** Twenty people at one point, one after the other. */
  const pile = Array.from({ length: 20 }, (_, n) =>
    hung(`m${n}`, n, 0, {
      timestamp: n,
      text: 'twelve words or so are said here at one and the same point',
    }),
  )
  const at = shown(...pile.map((_, n) => pile.slice(0, n + 1)))

  test('the newest is text at most a little aside, and older ones are dots', () => {
    const dots = pile.filter(({ key }) => at(key).dot)
    expect(dots.length).toBeGreaterThan(5)
    expect(at('m19').dot).toBe(false)
    expect(at('m0').dot).toBe(true)
    expect(covered(pile, at)).toEqual([])
    for (const { key } of pile) {
      const { dx, dy } = at(key)
      expect(Math.hypot(dx, dy)).toBeLessThanOrEqual(REACH_PX)
    }
  })

  test('dots lie apart from text and from each other', () => {
    const dots = pile.filter(({ key }) => at(key).dot)
    const discs = dots.map(({ key, at: { x, y } }) => {
      const [left, top] = [x + at(key).dx - 13, y + at(key).dy - 13]
      return { left, top, right: left + 26, bottom: top + 26 }
    })
    const texts = pile.filter(({ key }) => !at(key).dot).map((each) => boxOf(each, at(each.key)))
    for (const [n, disc] of discs.entries())
      expect([...texts, ...discs.slice(n + 1)].filter((other) => meet(disc, other))).toEqual([])
  })

  test('what is read stays text', () => {
    const held = pile.map((each, n) => (n === 0 ? { ...each, held: true } : each))
    const place = shown(...held.map((_, n) => held.slice(0, n + 1)))('m0')
    expect(isStill(place)).toBe(true)
  })

  test('a dot becomes text again when there is room', () => {
    const last = pile.slice(0, 1)
    const steps = pile.map((_, n) => pile.slice(0, n + 1))
    expect(shown(...steps, last)('m0').dot).toBe(false)
  })
})

describe('being stable', () => {
  const crowd = Array.from({ length: 60 }, (_, n) =>
    hung(`m${n}`, (n * 137) % 700, (n * 211) % 500, { timestamp: n }),
  )

  test('a message does not move when others come and go, and its place is the same object', () => {
    const layOut = createLayout()
    const seen = new Map<string, Place>()
    for (let round = 0; round < 60; round += 1) {
      const here = crowd.slice(Math.max(0, round - 15), round + 1)
      const places = layOut(here, FRAME, ALL)
      for (const { key } of here) {
        const [before, place] = [seen.get(key), places.get(key)]
        if (before && !before.dot && place && !place.dot)
          expect([place.dx, place.dy]).toEqual([before.dx, before.dy])
        if (place) seen.set(key, place)
      }
      const again = layOut(here, FRAME, ALL)
      for (const { key } of here) expect(again.get(key)).toBe(places.get(key))
    }
  })

  test('out of view and back, it is where it was', () => {
    const list = [hung('a', 0, 0), hung('b', 10, 5)]
    const [b] = list.slice(1)
    expect(shown(list, [], list)('b')).toEqual(shown(list)('b'))
    expect(b && shown(list, [b])('b').dy).toEqual(shown(list)('b').dy)
  })

  test('zooms at which text lies equally close share a layout', () => {
    expect([0.72, 1, 1.3, 1.8].map(layoutScale)).toEqual([1, 1, 1, 1])
    expect(layoutScale(0.5)).toBeLessThanOrEqual(0.5 / 0.72)
    expect(layoutScale(4)).toBeGreaterThan(1.8)
  })
})

describe('the line from a point to its text', () => {
  test('ends at the text, and is not drawn through other text', () => {
    const b = hung('b', 30, 0, { text: 'said before' })
    const a = hung('a', 0, 0, { state: 'draft', text: 'a draft' })
    const { dy, leader } = shown([b], [b, a])('a')
    expect(leader?.dx).toBe(0)
    expect(Math.abs(leader?.dy ?? 0)).toBeLessThan(Math.abs(dy))
    // The point of the second is under the text of the first.
    expect(shown([hung('x', 0, 0), hung('y', 40, 0)])('y').leader).toBeUndefined()
  })
})

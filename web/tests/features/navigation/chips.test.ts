/* Chips at the edge: few, small, grouped by direction, and over nothing. */
import { describe, expect, test } from 'vitest'
import { meet, type Box } from '../../../src/features/canvas/model/boxes'
import { screensAway, type Camera } from '../../../src/features/canvas/model/camera'
import { chipsOf, type Chip, type Rim } from '../../../src/features/navigation/model/chips'
import type { Spot } from '../../../src/features/navigation/model/spots'

const view = { width: 1000, height: 700 }
const here: Camera = { x: 0, y: 0, zoom: 1 }
const rim: Rim = { left: 6, right: 6, top: 50, bottom: 50, wide: 84, high: 32 }
const spot = (id: string, x: number, y: number, more: Partial<Spot> = {}): Spot => ({
  ...{ id, userId: id, kind: 'person', at: { x, y }, typing: false },
  ...more,
})
const around = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => {
    const turn = from + (i * 2 * Math.PI) / count
    return spot(`s${i}`, Math.cos(turn) * 9_000, Math.sin(turn) * 9_000)
  })
const boxOf = ({ x, y }: Chip): Box => ({
  left: x - 42,
  top: y - 16,
  right: x + 42,
  bottom: y + 16,
})
const keysOf = (chips: readonly Chip[]) =>
  chips
    .map(({ spots }) =>
      spots
        .map(({ id }) => id)
        .sort()
        .join(),
    )
    .sort()

describe('chips', () => {
  test('only for those outside the view, at the side that they are on', () => {
    const chips = chipsOf(here, view, rim, [
      spot('in', 100, 100),
      spot('l', -5_000, 0),
      spot('r', 4_000, 0),
      spot('b', 0, 6_000),
    ])
    expect(chips.map(({ key, side }) => [key, side])).toEqual([
      ['r', 'right'],
      ['l', 'left'],
      ['b', 'bottom'],
    ])
    expect(chips[0]).toMatchObject({ x: 952, y: 350, angle: 0, distance: 4_000 })
  })

  test('those in one direction share one, the nearest first', () => {
    const chips = chipsOf(here, view, rim, [
      spot('a', 9_000, 40),
      spot('b', 3_000, 0),
      spot('c', 5_000, -2_000),
    ])
    expect(chips).toHaveLength(1)
    expect(chips[0]).toMatchObject({ key: 'a', distance: 3_000 })
    expect(chips[0]?.spots.map(({ id }) => id)).toEqual(['b', 'c', 'a'])
  })

  test('opposite directions never share one while there are few', () => {
    const left = [spot('a', -5_000, 100), spot('b', -5_000, -100)]
    const right = [spot('c', 5_000, 200), spot('d', 5_000, -200)]
    expect(keysOf(chipsOf(here, view, rim, [...left, ...right]))).toEqual(['a,b', 'c,d'])
    // Also across the turn from 180 to -180 degrees.
    const up = [spot('e', 0, -5_000)]
    expect(keysOf(chipsOf(here, view, rim, [...left, ...right, ...up]))).toEqual([
      'a,b',
      'c,d',
      'e',
    ])
  })

  test('three at most, whoever is where, and everybody is in one of them', () => {
    for (const count of [4, 8, 12, 40, 200]) {
      for (const from of [0, 0.3, 1.1]) {
        const chips = chipsOf(here, view, rim, around(count, from))
        expect(chips.length).toBeLessThanOrEqual(3)
        expect(chips.flatMap(({ spots }) => spots)).toHaveLength(count)
        // None stands for much more than its third.
        for (const { spots } of chips) expect(spots.length).toBeLessThanOrEqual(count / 2)
      }
    }
  })

  test('no two touch, and none leaves the screen or covers what is taken', () => {
    const taken: Box[] = [
      { left: 900, top: 300, right: 1000, bottom: 420 },
      { left: 0, top: 200, right: 120, bottom: 380 },
      { left: 430, top: 600, right: 620, bottom: 700 },
    ]
    for (let seed = 1; seed < 60; seed += 1) {
      const chips = chipsOf(here, view, rim, around(5, seed), taken)
      const boxes = chips.map(boxOf)
      for (const [i, box] of boxes.entries()) {
        expect(box.left >= 6 && box.right <= 994 && box.top >= 50 && box.bottom <= 650).toBe(true)
        for (const other of [...taken, ...boxes.slice(i + 1)]) expect(meet(box, other)).toBe(false)
      }
      expect(boxes.length).toBeGreaterThan(1)
    }
  })

  test('with no room near its place there is none', () => {
    const all = [{ left: 0, top: 0, right: 1000, bottom: 700 }]
    expect(chipsOf(here, view, rim, [spot('r', 5_000, 0)], all)).toEqual([])
  })

  test('the arrow points from the chip to the nearest, also when the chip stepped aside', () => {
    const taken = [{ left: 880, top: 320, right: 1000, bottom: 380 }]
    const [chip] = chipsOf(here, view, rim, [spot('r', 700, 0)], taken)
    expect(chip?.side).toBe('right')
    expect(chip?.y).not.toBe(350)
    const { x = 0, y = 0, angle = 0 } = chip ?? {}
    expect(angle).toBeCloseTo(Math.atan2(350 - y, 1_200 - x))
  })

  test('a chip keeps its key while its smallest spot stays', () => {
    const keys = [3_000, 3_400, 12_000].map(
      (x) => chipsOf(here, view, rim, [spot('a', x, 0), spot('b', 5_000, 10)])[0]?.key,
    )
    expect(keys).toEqual(['a', 'a', 'a'])
  })

  test('distance is told in lengths of the view', () => {
    expect(screensAway(here, view, { x: 50_000, y: 0 })).toBe(50)
    expect(screensAway({ ...here, zoom: 0.1 }, view, { x: 50_000, y: 0 })).toBe(5)
  })
})

/*
 * The points of a stroke: what is left out, what fits, and how it is drawn.
 */
import { describe, expect, test } from 'vitest'
import {
  ARROW_PX,
  arrowTo,
  fitted,
  fromWire,
  pathOf,
  simplify,
  sizeOf,
  toWire,
} from '../../../src/features/strokes/model/points'

const at = (x: number, y: number) => ({ x, y })
const circle = (count: number, radius: number) =>
  Array.from({ length: count }, (_, i) => {
    const angle = (i / (count - 1)) * 2 * Math.PI
    return at(radius * Math.cos(angle), radius * Math.sin(angle))
  })

describe('simplify', () => {
  test('a straight line is its two ends', () => {
    const line = Array.from({ length: 100 }, (_, i) => at(i, 2 * i))
    expect(simplify(line, 0.1)).toEqual([at(0, 0), at(99, 198)])
  })

  test('corners stay', () => {
    const corner = [at(0, 0), at(5, 0), at(10, 0), at(10, 5), at(10, 10)]
    expect(simplify(corner, 0.5)).toEqual([at(0, 0), at(10, 0), at(10, 10)])
  })

  test.each([[[]], [[at(1, 1)]], [[at(1, 1), at(2, 2)]]])('few points stay as they are', (few) => {
    expect(simplify(few, 1)).toEqual(few)
  })

  test('no removed point is further from the line than the tolerance', () => {
    const points = circle(2_000, 200)
    const kept = simplify(points, 1)
    expect(kept.length).toBeLessThan(100)
    // In a circle the distance to a chord is largest in its middle.
    for (let i = 1; i < kept.length; i += 1) {
      const [a = at(0, 0), b = at(0, 0)] = kept.slice(i - 1, i + 1)
      expect(200 - Math.hypot((a.x + b.x) / 2, (a.y + b.y) / 2)).toBeLessThan(1.01)
    }
  })

  test('a closed line keeps its shape', () => {
    expect(simplify([at(0, 0), at(9, 0), at(9, 9), at(0, 9), at(0, 0)], 1)).toHaveLength(5)
  })
})

describe('W111: what fits', () => {
  const limits = { points: 256, bytes: 3072 }

  test('a scribble is made coarser until it fits, and not more', () => {
    let seed = 1
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
    const scribble = Array.from({ length: 4_000 }, () => at(random() * 9e6, random() * -9e6))
    const fits = fitted(scribble, 0.8, limits)
    expect(fits.length).toBeLessThanOrEqual(256)
    expect(sizeOf(fits)).toBeLessThanOrEqual(3072)
    expect(fits.length).toBeGreaterThan(1)
    expect(fits[0]).toBe(scribble[0])
    expect(fits.at(-1)).toBe(scribble.at(-1))
  })

  test('the size is at least that of the JSON with one decimal', () => {
    const points = [at(-1234567.8, 12.3), at(0.5, -0.1)]
    expect(sizeOf(points)).toBeGreaterThanOrEqual(JSON.stringify(toWire(points)).length)
  })
})

describe('the wire', () => {
  test.each([
    null,
    'x',
    {},
    [[1]],
    [
      [1, 'x'],
      [2, 3],
    ],
    [[1, 2], null],
    [
      [1, Infinity],
      [0, 0],
    ],
    [[1, 2]],
  ])('%j is no finished stroke', (points) => expect(fromWire(points, 2)).toBeUndefined())
  test('there and back', () => {
    const points = [at(1, 2), at(3, 4)]
    expect(fromWire(toWire(points), 2)).toEqual(points)
    expect(fromWire([], 0)).toEqual([])
  })
})

describe('the path', () => {
  test('starts at its first point and goes through all of them', () => {
    const path = pathOf([at(100, 100), at(110, 100), at(120, 110)], at(100, 100))
    expect(path).toMatch(/^M0 0C/)
    expect(path).toMatch(/ 10 0C/)
    expect(path).toMatch(/ 20 10$/)
  })
  test('a sharp corner stays sharp: its handles lie on it', () => {
    expect(pathOf([at(0, 0), at(30, 0), at(0, 1)], at(0, 0))).toBe(
      'M0 0C0 0 30 0 30 0C30 0 0 1 0 1',
    )
  })
  test('nothing is no path', () => expect(pathOf([], at(0, 0))).toBe(''))
})

describe('an arrow', () => {
  const box = { left: 100, top: 200, right: 180, bottom: 228 }
  test.each([
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const)('in direction %i %i ends outside the box, its head behind its tip', (x, y) => {
    const [tail, tip, left, again, right] = arrowTo(box, [x, y])
    if (!tail || !tip || !left || !right) throw new Error('five points')
    expect(again).toEqual(tip)
    expect([tip.x - tail.x, tip.y - tail.y]).toEqual([x * ARROW_PX, y * ARROW_PX])
    const inside = tip.x > box.left && tip.x < box.right && tip.y > box.top && tip.y < box.bottom
    expect(inside).toBe(false)
    for (const end of [left, right])
      expect((end.x - tip.x) * x + (end.y - tip.y) * y).toBeLessThan(0)
  })
})

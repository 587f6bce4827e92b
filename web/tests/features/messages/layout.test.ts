/* A crowd: who steps aside, who gathers, what is on the page. */
import { describe, expect, test } from 'vitest'
import { HOME } from '../../../src/features/canvas/model/camera'
import {
  createPlaces,
  gatherAll,
  isWithin,
  placeAll,
  windowOf,
  type Aside,
  type Hung,
} from '../../../src/features/messages/model/layout'

const hung = (key: string, x: number, y: number, more: Partial<Hung> = {}): Hung => ({
  ...{ key, userId: key, mine: false, at: { x, y }, text: 'some words', draft: false, rtl: false },
  ...more,
})
const NONE: ReadonlyMap<string, Aside> = new Map()
const still = { dx: 0, dy: 0 }

describe('stepping aside', () => {
  test('a message with room around it stays where it was posted', () => {
    const placed = placeAll([hung('a', 0, 0), hung('b', 0, 200), hung('c', 400, 0)], NONE, 1)
    expect([...placed.values()]).toEqual([still, still, still])
  })

  test('only the new message moves, and covers no other', () => {
    const first = placeAll([hung('a', 0, 0)], NONE, 1)
    const both = placeAll([hung('b', 10, 5), hung('a', 0, 0)], first, 1)
    expect(both.get('a')).toEqual(still)
    const { dx, dy } = both.get('b') ?? still
    expect(Math.abs(dy + 5) >= 28 || Math.abs(dx + 10) >= 110).toBe(true)
  })

  test('a message never jumps when others come and go', () => {
    const place = createPlaces()
    const lives = () => true
    const crowd = Array.from({ length: 40 }, (_, i) =>
      hung(`m${i}`, (i * 37) % 300, (i * 53) % 200),
    )
    const seen = new Map<string, Aside | undefined>()
    for (let round = 0; round < 60; round += 1) {
      const here = crowd.slice(Math.max(0, round - 20), round + 1)
      const asides = place(here, 1, lives)
      for (const { key } of here) {
        if (seen.has(key)) expect(asides.get(key)).toEqual(seen.get(key))
        seen.set(key, asides.get(key))
      }
    }
  })

  test('in a crowd few messages cover each other', () => {
    const crowd = Array.from({ length: 30 }, (_, i) =>
      hung(`m${i}`, (i * 37) % 300, (i * 53) % 200),
    )
    const placed = placeAll(crowd, NONE, 1)
    const over = crowd.filter((a, i) =>
      crowd.slice(i + 1).some((b) => {
        const [p, q] = [placed.get(a.key) ?? still, placed.get(b.key) ?? still]
        const x = a.at.x + p.dx - b.at.x - q.dx
        const y = a.at.y + p.dy - b.at.y - q.dy
        return Math.abs(x) < 110 && Math.abs(y) < 28
      }),
    )
    expect(over.length).toBeLessThanOrEqual(3)
  })

  test('ours stay where we wrote them, and lines of one author stay together', () => {
    const placed = placeAll(
      [hung('a', 0, 0), hung('me', 0, 0, { mine: true }), hung('b', 0, 35, { userId: 'a' })],
      new Map([['a', still]]),
      1,
    )
    expect(placed.get('me')).toEqual(still)
    expect(
      placeAll([hung('a', 0, 0), hung('b', 0, 35, { userId: 'a' })], NONE, 1).get('b'),
    ).toEqual(still)
  })
})

describe('clusters', () => {
  const crowd = Array.from({ length: 20 }, (_, i) => hung(`m${i}`, 10 + i, 10))

  test('zoomed far out, messages that are close together form one cluster', () => {
    const { clusters, rest } = gatherAll([...crowd, hung('alone', 9_000, 0)], 0.2)
    expect(clusters.reduce((sum, { members }) => sum + members.length, 0)).toBe(20)
    expect(rest.map(({ key }) => key)).toEqual(['alone'])
  })

  test('zoomed in, or when they are few, there are no clusters', () => {
    expect(gatherAll(crowd, 1).clusters).toEqual([])
    expect(gatherAll(crowd.slice(0, 2), 0.2).clusters).toEqual([])
  })
})

test('the window is larger than the view, and does not change while the view moves a little', () => {
  const view = { width: 1_000, height: 700 }
  const window = windowOf(HOME, view)
  expect(windowOf({ ...HOME, x: 100 }, view)).toEqual(window)
  for (let x = -5_000; x < 5_000; x += 77) {
    const moved = windowOf({ ...HOME, x }, view)
    expect(isWithin(moved, { x: x - 500 - 420, y: 0 })).toBe(true)
    expect(isWithin(moved, { x: x + 500, y: 350 })).toBe(true)
    expect(isWithin(moved, { x: x + 3_000, y: 0 })).toBe(false)
  }
})

/* Finding company: where to go, how the view travels, the minimap (chips: chips.test.ts). */
import { describe, expect, test } from 'vitest'
import { distance, type Camera } from '../../../src/features/canvas/model/camera'
import { alongFlight, flightMs } from '../../../src/features/canvas/model/flight'
import { glide, keepInSight } from '../../../src/features/navigation/model/following'
import {
  nearby,
  nearestConversation,
  placed,
  spotsOf,
  type Spot,
} from '../../../src/features/navigation/model/spots'
import { fromMinimap, toMinimap, minimapOf } from '../../../src/features/navigation/model/minimap'

const view = { width: 1000, height: 700 }
const here: Camera = { x: 0, y: 0, zoom: 1 }
const spot = (id: string, x: number, y: number, more: Partial<Spot> = {}): Spot => ({
  ...{ id, userId: id, kind: 'person', at: { x, y }, typing: false },
  ...more,
})

describe('spots', () => {
  test('a person is where they write, else where they point', () => {
    const pointers = new Map([['mira', { x: 0, y: 0 }]])
    const at = { x: 900, y: 0 }
    const draft = { key: 'mira/1', userId: 'mira', at, draft: true, text: 'hi' }
    expect(spotsOf(pointers, [])).toMatchObject([
      { id: '@mira', at: { x: 0, y: 0 }, typing: false },
    ])
    expect(spotsOf(pointers, [draft])).toMatchObject([{ at: { x: 900, y: 0 }, typing: true }])
  })

  test('words are a spot of their own only away from their author', () => {
    const pointers = new Map([['mira', { x: 0, y: 0 }]])
    const posted = (key: string, x: number) => ({
      key,
      userId: 'mira',
      at: { x, y: 0 },
      draft: false,
      text: 'hi',
    })
    const found = spotsOf(pointers, [posted('mira/1', 100), posted('mira/2', 5_000)])
    expect(found.map(({ id }) => id)).toEqual(['@mira', 'mira/2'])
    expect(spotsOf(new Map(), [posted('mira/1', 100)])).toHaveLength(1)
  })
})

describe('the nearest conversation', () => {
  test('talk before people who only point, the nearest first, what hangs together with it', () => {
    const found = nearestConversation(here, view, [
      spot('resting', 2_000, 0),
      spot('far', -90_000, 0, { typing: true }),
      spot('a', 50_000, 0, { kind: 'message' }),
      spot('b', 50_500, 100, { typing: true }),
      spot('c', 51_000, 100, { kind: 'message' }),
    ])
    expect(found.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  })

  test('what is in view is not gone to; people are, where nobody talks', () => {
    expect(nearestConversation(here, view, [spot('a', 10, 10, { kind: 'message' })])).toEqual([])
    const pointing = [spot('a', 10, 10), spot('b', 9_000, 0)]
    expect(nearestConversation(here, view, pointing).map(({ id }) => id)).toEqual(['b'])
  })
})

describe('nearby', () => {
  test('text first, then people, the nearest first, and nothing from far away', () => {
    const found = nearby([
      spot('far', 1_600, 0, { typing: true }),
      spot('pointing', 5, 0),
      spot('writing', 900, 0, { typing: true }),
      spot('said', 0, -400, { kind: 'message' }),
    ])
    expect(found.map(({ id }) => id)).toEqual(['said', 'writing', 'pointing'])
  })

  test('text takes the lines that it is broken into, on its side of the point', () => {
    const said = (text: string) => placed(spot('a', 0, 0, { text }), 264).box
    expect(said('hello')).toEqual({ left: 0, top: -30, right: 55, bottom: 14 })
    expect(said('a line that is longer than the phone')).toMatchObject({ right: 264, bottom: 42 })
    expect(said('one\ntwo').bottom).toBe(42)
    expect(said('مرحبا')).toMatchObject({ left: -55, right: 0 })
  })
})

describe('a flight', () => {
  const far: Camera = { x: 50_000, y: -20_000, zoom: 1 }
  const parts = Array.from({ length: 101 }, (_, i) => i / 100)

  test('starts here, ends there, and never passes it', () => {
    expect(alongFlight(here, far, view, 0)).toEqual(here)
    expect(alongFlight(here, far, view, 1)).toEqual(far)
    const path = parts.map((part) => alongFlight(here, far, view, part).x)
    expect(path.every((x, i) => x >= (path[i - 1] ?? 0) && x <= far.x)).toBe(true)
  })

  test('rises when far, stays level when near', () => {
    const lowest = (to: Camera) =>
      Math.min(...parts.map((part) => alongFlight(here, to, view, part).zoom))
    expect(lowest(far)).toBeCloseTo(0.1)
    expect(lowest({ ...here, x: 900 })).toBe(1)
  })

  test('takes longer with the distance, and never long', () => {
    const near = flightMs(here, { ...here, x: 500 }, view)
    expect(near).toBeGreaterThanOrEqual(260)
    expect(flightMs(here, far, view)).toBeGreaterThan(near)
    expect(flightMs(here, { ...here, x: 10_000_000 }, view)).toBeLessThanOrEqual(1_100)
  })

  test('following: still while they are well in view, then just so far as needed', () => {
    expect(keepInSight(here, view, { x: 200, y: 100 })).toBe(here)
    const goal = keepInSight(here, view, { x: 600, y: 0 })
    expect(goal.x).toBeCloseTo(600 - 220)
    let camera = here
    for (let i = 0; i < 120; i += 1) {
      const next = glide(camera, goal, 16)
      expect(next.x).toBeGreaterThanOrEqual(camera.x)
      expect(next.x).toBeLessThanOrEqual(goal.x)
      camera = next
    }
    expect(camera).toBe(goal)
    // In a frame that is older than the last one.
    expect(glide(here, goal, -38)).toEqual(here)
  })
})

describe('the minimap', () => {
  const size = { width: 156, height: 104 }

  test('has everyone on it, most in their place, and reaches in doublings', () => {
    const spots = [
      { x: 500, y: 0 },
      { x: 700, y: 0 },
      { x: 9_000, y: 0 },
      { x: 0, y: -30_000 },
      { x: 9_000_000, y: 9_000_000 },
    ]
    const minimap = minimapOf(here, view, size, spots)
    expect(toMinimap(minimap, here)).toEqual({ x: 78, y: 52 })
    for (const at of spots) {
      const { x, y } = toMinimap(minimap, at)
      expect(x >= 5 && x <= 151 && y >= 5 && y <= 99).toBe(true)
    }
    expect(toMinimap(minimap, { x: 9_000, y: 0 }).x).toBeLessThan(140)
    const near = minimapOf(here, view, size, [{ x: 1_200, y: 0 }])
    const nearer = minimapOf(here, view, size, [{ x: 1_300, y: 0 }])
    expect(nearer.scale).toBe(near.scale)
  })

  test('what is pressed on it is where the view goes', () => {
    const minimap = minimapOf({ x: 5_000, y: 100, zoom: 0.5 }, view, size, [{ x: 9_000, y: 0 }])
    const at = fromMinimap(minimap, toMinimap(minimap, { x: 9_000, y: 0 }))
    expect(distance(at, { x: 9_000, y: 0 })).toBeLessThan(0.01)
  })
})

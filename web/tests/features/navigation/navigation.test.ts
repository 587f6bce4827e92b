/* Finding company: what hangs at the edge, where to go, how the view travels, the minimap. */
import { describe, expect, test } from 'vitest'
import { distance, screensAway, type Camera } from '../../../src/features/canvas/model/camera'
import { alongFlight, flightMs } from '../../../src/features/canvas/model/flight'
import { chipsOf, type Rim } from '../../../src/features/navigation/model/chips'
import { glide, keepInSight } from '../../../src/features/navigation/model/following'
import {
  nearestConversation,
  sightOf,
  spotsOf,
  type Spot,
} from '../../../src/features/navigation/model/spots'
import { fromMinimap, toMinimap, minimapOf } from '../../../src/features/navigation/model/minimap'

const view = { width: 1000, height: 700 }
const here: Camera = { x: 0, y: 0, zoom: 1 }
const rim: Rim = {
  ...{ left: 10, right: 10, top: 54, bottom: 54, high: 40, wide: 220 },
  cornerSide: 'right',
  corner: { width: 180, height: 170 },
}
const spot = (id: string, x: number, y: number, more: Partial<Spot> = {}): Spot => ({
  ...{ id, userId: id, kind: 'person', at: { x, y }, typing: false },
  ...more,
})

describe('spots', () => {
  test('a person is where they write, else where they point', () => {
    const pointers = new Map([['mira', { x: 0, y: 0 }]])
    const draft = { key: 'mira/1', userId: 'mira', at: { x: 900, y: 0 }, draft: true }
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
    })
    const found = spotsOf(pointers, [posted('mira/1', 100), posted('mira/2', 5_000)])
    expect(found.map(({ id }) => id)).toEqual(['@mira', 'mira/2'])
    expect(spotsOf(new Map(), [posted('mira/1', 100)])).toHaveLength(1)
  })
})

describe('chips', () => {
  test('none lies over the minimap, on whichever side it is', () => {
    const low = [
      spot('a', -5_000, 3_400),
      spot('b', -1_900, 5_000),
      spot('c', 1_900, 5_000),
      spot('d', 5_000, 3_400),
    ]
    for (const cornerSide of ['left', 'right'] as const) {
      const chips = chipsOf(here, view, { ...rim, cornerSide }, low)
      for (const { x, y, side } of chips) {
        const onMinimapsSide =
          cornerSide === 'left' ? x < rim.corner.width : x > view.width - rim.corner.width
        expect(onMinimapsSide && y > view.height - rim.corner.height, `${side} ${x},${y}`).toBe(
          false,
        )
      }
    }
  })

  test('only for those outside the view, on the side they are on', () => {
    const spots = [
      spot('in', 100, 100),
      spot('l', -5_000, 0),
      spot('r', 5_000, 0),
      spot('t', 0, -5_000),
      spot('b', 0, 5_000),
    ]
    const chips = chipsOf(here, view, rim, spots)
    expect(chips.map(({ key, side }) => [key, side])).toEqual([
      ['l', 'left'],
      ['r', 'right'],
      ['t', 'top'],
      ['b', 'bottom'],
    ])
    expect(chips[1]).toMatchObject({ x: 990, y: 350, angle: 0, distance: 5_000 })
  })

  test('neighbours become one, named after the nearest', () => {
    const chips = chipsOf(here, view, rim, [spot('a', 9_000, 40), spot('b', 3_000, 0)])
    expect(chips).toHaveLength(1)
    expect(chips[0]?.spots.map(({ id }) => id)).toEqual(['b', 'a'])
    expect(chips[0]).toMatchObject({ key: 'a', distance: 3_000 })
  })

  test('no two chips touch, and none leaves the screen or the free corner', () => {
    for (let seed = 1; seed < 60; seed += 1) {
      const spots = Array.from({ length: 80 }, (_, i) => {
        const turn = Math.sin(seed * 99 + i * 7.3) * 10
        return spot(`s${i}`, Math.cos(turn) * 9_000, Math.sin(turn) * 9_000)
      })
      const chips = chipsOf(here, view, rim, spots)
      expect(chips.flatMap((chip) => chip.spots)).toHaveLength(80)
      const boxes = chips.map(({ side, x, y }) => {
        const left = side === 'left' ? x : side === 'right' ? x - 220 : x - 110
        const top = side === 'top' ? y : side === 'bottom' ? y - 40 : y - 20
        return { left, top, right: left + 220, bottom: top + 40 }
      })
      for (const [i, a] of boxes.entries()) {
        expect(a.left >= 0 && a.right <= 1000 && a.top >= 54 && a.bottom <= 646).toBe(true)
        expect(a.right > 820 && a.bottom > 550).toBe(false)
        for (const b of boxes.slice(i + 1)) {
          const apart = 0.001
          const over =
            Math.min(a.right, b.right) - Math.max(a.left, b.left) > apart &&
            Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > apart
          expect(over).toBe(false)
        }
      }
    }
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
    const sight = sightOf(found, view, 1)
    expect(sight && distance(sight, { x: 50_250, y: 50 })).toBeLessThan(1)
  })

  test('what is in view is not gone to; people are, where nobody talks', () => {
    expect(nearestConversation(here, view, [spot('a', 10, 10, { kind: 'message' })])).toEqual([])
    const pointing = [spot('a', 10, 10), spot('b', 9_000, 0)]
    expect(nearestConversation(here, view, pointing).map(({ id }) => id)).toEqual(['b'])
  })

  test('the sight shows the nearest whatever else there is', () => {
    const sight = sightOf([spot('a', 0, 0), spot('b', 40_000, 0), spot('c', 300, 0)], view, 1)
    expect(sight).toEqual({ x: 150, y: 0 })
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

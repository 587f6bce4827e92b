import { describe, expect, test } from 'vitest'
import {
  HOME,
  ZOOM_MAX,
  ZOOM_MIN,
  counterScale,
  gridLevels,
  originFor,
  panBy,
  reveal,
  screenToWorld,
  textScale,
  wirePoint,
  worldToScreen,
  worldTransform,
  zoomAround,
} from '../../../src/features/canvas/model/camera'

const view = { width: 1440, height: 900 }

describe('camera', () => {
  test('W9: the middle of the channel is the middle of the screen at home', () => {
    expect(worldToScreen(HOME, view, { x: 0, y: 0 })).toEqual({ x: 720, y: 450 })
  })

  test('screen points and world points convert both ways', () => {
    const camera = { x: -381.5, y: 9_412.25, zoom: 1.7 }
    for (const point of [
      { x: 0, y: 0 },
      { x: 333, y: 871 },
    ]) {
      const back = worldToScreen(camera, view, screenToWorld(camera, view, point))
      expect(back.x).toBeCloseTo(point.x)
      expect(back.y).toBeCloseTo(point.y)
    }
  })

  test('a zoom keeps the point under the pointer, also where it is clamped', () => {
    const anchor = { x: 100, y: 800 }
    for (const zoom of [0.001, 0.1, 0.5, 2, 4, 99]) {
      const before = screenToWorld(HOME, view, anchor)
      const camera = zoomAround(HOME, view, anchor, zoom)
      const after = screenToWorld(camera, view, anchor)
      expect(after.x).toBeCloseTo(before.x)
      expect(after.y).toBeCloseTo(before.y)
      expect(camera.zoom).toBeGreaterThanOrEqual(ZOOM_MIN)
      expect(camera.zoom).toBeLessThanOrEqual(ZOOM_MAX)
    }
  })

  test('a pan moves the view with the pointer, at every zoom', () => {
    const camera = { x: 10, y: 10, zoom: 0.25 }
    const point = worldToScreen(camera, view, { x: 50, y: 50 })
    const moved = worldToScreen(panBy(camera, 30, -20), view, { x: 50, y: 50 })
    expect(moved).toEqual({ x: point.x + 30, y: point.y - 20 })
  })

  test('the view never leaves the world (W9)', () => {
    expect(panBy({ x: 9_999_999, y: 0, zoom: 1 }, -1_000, 0).x).toBe(10_000_000)
  })

  test('text stays between readable sizes, and follows the zoom in between', () => {
    expect(textScale(1)).toBe(1)
    expect(counterScale(1)).toBe(1)
    for (const zoom of [0.1, 0.3, 1, 2, 4]) {
      const size = 21 * counterScale(zoom) * zoom
      expect(size).toBeGreaterThan(14)
      expect(size).toBeLessThan(40)
    }
  })

  test('the transform keeps its numbers small far from the middle', () => {
    const camera = { x: 9_999_990, y: -9_999_990, zoom: 4 }
    const origin = originFor(camera)
    const [x, y] = worldTransform(camera, view, origin).match(/-?[\d.]+(?=px)/g) ?? []
    expect(Math.abs(Number(x))).toBeLessThan(200_000)
    expect(Math.abs(Number(y))).toBeLessThan(200_000)
    const seen = worldToScreen(camera, view, { x: 10_000_000, y: -10_000_000 })
    expect((10_000_000 - origin.x) * 4 + Number(x)).toBeCloseTo(seen.x, 1)
  })

  test('the grid is never dense, and its fine level fades in', () => {
    for (let zoom = ZOOM_MIN; zoom <= ZOOM_MAX; zoom *= 1.07) {
      const [coarse, fine] = gridLevels(zoom)
      if (!coarse || !fine) throw new Error('two levels')
      expect(fine.step * zoom).toBeGreaterThan(21)
      expect(coarse.step).toBe(fine.step * 2)
      expect(fine.strength).toBeGreaterThanOrEqual(0)
      expect(fine.strength).toBeLessThanOrEqual(1)
    }
  })

  test('the caret is brought into view by the shortest way, or not at all', () => {
    const frame = { left: 20, top: 20, right: 980, bottom: 580 }
    const inside = { left: 100, top: 100, right: 300, bottom: 130 }
    expect(reveal(HOME, inside, frame)).toBe(HOME)
    const low = { left: 100, top: 600, right: 300, bottom: 630 }
    expect(reveal(HOME, low, frame)).toEqual({ x: 0, y: 50, zoom: 1 })
    const wide = { left: -200, top: 100, right: 1_500, bottom: 130 }
    expect(reveal(HOME, wide, frame).x).toBe(-220)
  })

  test('W9: positions on the wire are finite, within the world, and short', () => {
    expect(wirePoint({ x: 1.23456, y: -2e9 })).toEqual({ x: 1.2, y: -10_000_000 })
  })
})

/* Which view shows what is there, and text at its edge that is moved into it. */
import { describe, expect, test } from 'vitest'
import { HOME, worldToScreen } from '../../../src/features/canvas/model/camera'
import { frameAll, frameAt, showsAll, widestOn } from '../../../src/features/canvas/model/framing'
import { nudgesOf } from '../../../src/features/canvas/model/nudge'

const phone = { width: 375, height: 667 }
const insets = { left: 20, top: 64, right: 20, bottom: 64 }
const text = (x: number, y: number, width = 100) => ({
  at: { x, y },
  box: { left: 0, top: -30, right: width, bottom: 14 },
})

describe('framing', () => {
  test('the first is shown whole, and what fits beside it', () => {
    const list = [text(900, 0, 300), text(900, 200), text(4_000, 0)]
    const camera = frameAt(list, phone, insets, 1)
    expect(camera && showsAll(list.slice(0, 2), camera, phone, insets)).toBe(true)
    // In the middle of the room that the controls leave.
    const { x } = worldToScreen(camera ?? HOME, phone, { x: 900, y: 0 })
    expect(x).toBeCloseTo((375 - 300) / 2)
    expect(frameAt([], phone, insets, 1)).toBeUndefined()
  })

  test('it zooms out only so far as needed, and never so far that text is lost', () => {
    const wide = (reach: number) => () => [text(-reach, 0), text(reach, 0)]
    expect(frameAll(wide(100), phone, insets)?.zoom).toBe(1)
    expect(frameAll(wide(140), phone, insets)?.zoom).toBe(0.86)
    expect(frameAll(wide(3_000), phone, insets)?.zoom).toBe(0.72)
    const camera = frameAll(wide(3_000), phone, insets)
    expect(camera && showsAll(wide(3_000)().slice(0, 1), camera, phone, insets)).toBe(true)
  })

  test('text is no wider than the view at any zoom', () => {
    expect(widestOn({ width: 320, height: 568 }, 1)).toBe(264)
    expect(widestOn({ width: 320, height: 568 }, 1.8) * 1.8).toBeCloseTo(264)
    expect(widestOn({ width: 1440, height: 900 }, 1)).toBe(420)
  })
})

describe('text at the edge', () => {
  const frame = { left: 10, top: 10, right: 365, bottom: 657 }
  const box = (left: number, top: number, width = 100, height = 28) => ({
    ...{ left, top },
    ...{ right: left + width, bottom: top + height },
  })

  test('text that begins or ends outside is moved in, just so far as needed', () => {
    expect(nudgesOf([box(-60, 100), box(300, 200), box(200, 640)], frame)).toEqual([
      { x: 70, y: 0 },
      { x: -35, y: 0 },
      { x: 0, y: -11 },
    ])
  })

  test('text in view, out of view, or wider than the view stays', () => {
    const still = [box(50, 100), box(-200, 200), box(400, 300), box(-40, 400, 500)]
    expect(nudgesOf(still, frame).every(({ x, y }) => x === 0 && y === 0)).toBe(true)
  })

  test('text never moves onto other text', () => {
    const [cut, seen] = nudgesOf([box(-60, 100), box(80, 110)], frame)
    expect([cut, seen]).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ])
    const [first, second] = nudgesOf([box(-60, 100), box(-70, 140)], frame)
    expect([first?.x, second?.x]).toEqual([70, 80])
  })
})

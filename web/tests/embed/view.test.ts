import { describe, expect, it } from 'vitest'
import { viewOf } from '../../embed/view.ts'

const PHONE = { width: 390, height: 844 }
const DESKTOP = { width: 1280, height: 800 }
const holds = ({ y, height }: { y: number; height: number }, at: number) =>
  Math.abs(at - y) <= height / 2

describe('the view of a visitor (W184)', () => {
  it('is three windows high at the top, and as wide as a wide window', () => {
    const view = viewOf({ scrollY: 0, ...PHONE }, true)
    expect(view).toEqual({ x: 0, y: 422, width: 1920, height: 3 * 844 })
    expect(viewOf({ scrollY: 0, width: 2560, height: 800 }, true).width).toBe(2560)
  })

  it('holds the same content of visitors with other widths', () => {
    // The text at 2,000 px of a wide page is at about 4,100 px of a phone.
    const wide = viewOf({ scrollY: 2_000, ...DESKTOP }, true)
    const phone = viewOf({ scrollY: 4_100, ...PHONE }, true)
    for (const view of [wide, phone]) {
      expect(holds(view, 2_000)).toBe(true)
      expect(holds(view, 4_100)).toBe(true)
    }
  })

  it.each([DESKTOP, PHONE])('always holds what the window shows: %o', (window) => {
    for (const scrollY of [0, 5_000, 20_000, 100_000]) {
      const view = viewOf({ scrollY, ...window }, true)
      expect(view.height).toBeLessThanOrEqual(11 * 1024)
      expect(holds(view, scrollY)).toBe(true)
      expect(holds(view, scrollY + window.height)).toBe(true)
    }
  })

  it('is around the window where places are points of the document', () => {
    const view = viewOf({ scrollY: 50_000, ...DESKTOP }, false)
    expect(view).toEqual({ x: 0, y: 50_400, width: 1920, height: 2400 })
  })
})

import { describe, expect, test } from 'vitest'
import {
  ARRIVAL,
  arriveMs,
  DEPARTURE,
  leaveMs,
  opacityAt,
  thereAt,
  phaseAt,
} from '../../../src/features/messages/model/lifetime'
import { idleOpacity, step } from '../../../src/features/cursors/model/motion'

describe('life', () => {
  test('W12: it is opaque, then fades without a step, and is gone at expires_at', () => {
    const at = (age: number) => opacityAt(1_000 + age, 1_000, 6_000)
    expect(at(0)).toBe(1)
    expect(at(3_000)).toBe(1)
    expect(at(4_999)).toBeGreaterThan(0)
    expect(at(5_000)).toBe(0)
    for (let age = 0; age < 5_000; age += 16) {
      expect(at(age + 16)).toBeLessThanOrEqual(at(age))
      expect(at(age) - at(age + 16)).toBeLessThan(0.05)
    }
  })

  test('W12: the phase depends on the three moments alone', () => {
    expect(phaseAt(1_010, 1_000, 6_000)).toBe('arriving')
    expect(phaseAt(3_000, 1_000, 6_000)).toBe('hanging')
    expect(phaseAt(5_500, 1_000, 6_000)).toBe('leaving')
    expect(phaseAt(6_000, 1_000, 6_000)).toBe('gone')
  })

  test('between two frames the opacity is interpolated', () => {
    const frames = [0, 0.5, 1].map((offset) => ({
      offset,
      opacity: 1 - offset ** 2,
      blur: 0,
      rise: 0,
    }))
    const at = (share: number) => thereAt(frames, share)
    expect([0, 0.25, 0.5, 0.75, 1].map(at)).toEqual([1, 0.875, 0.75, 0.375, 0])
  })

  test('the departure has the values of opacityAt, in order', () => {
    const life = 5_000
    const leaves = leaveMs(life)
    for (const frame of DEPARTURE) {
      const age = life - leaves + frame.offset * leaves
      expect(frame.opacity).toBeCloseTo(opacityAt(age, 0, life), 6)
    }
    expect(DEPARTURE[0]).toMatchObject({ offset: 0, opacity: 1, blur: 0, rise: 0 })
    expect(DEPARTURE.at(-1)).toMatchObject({ offset: 1, opacity: 0 })
    expect(ARRIVAL.at(-1)).toMatchObject({ offset: 1, opacity: 1, blur: 0 })
    expect(arriveMs(life) + leaves).toBeLessThan(life)
    expect(arriveMs(100) + leaveMs(100)).toBeLessThan(100)
  })
})

describe('motion', () => {
  test('a cursor arrives, never overshoots, and does not depend on the frame rate', () => {
    const run = (dt: number) => {
      const mover = { x: 0, y: 0, vx: 0, vy: 0 }
      let time = 0
      let half = 0
      while (step(mover, 100, -50, dt) && time < 5_000) {
        time += dt
        expect(mover.x).toBeLessThanOrEqual(100)
        if (time === 96) half = mover.x
      }
      expect(mover).toEqual({ x: 100, y: -50, vx: 0, vy: 0 })
      return half
    }
    expect(run(16)).toBeCloseTo(run(8), 6)
  })

  test('a cursor stays where it is in a frame that is older than the update', () => {
    const mover = { x: 0, y: 0, vx: 0, vy: 0 }
    expect(step(mover, 100, -50, -38)).toBe(true)
    expect(mover).toEqual({ x: 0, y: 0, vx: 0, vy: 0 })
  })

  test('an idle cursor is opaque for 5 s and hidden after 60 s', () => {
    expect(idleOpacity(5_000)).toBe(1)
    expect(idleOpacity(30_000)).toBeGreaterThan(0)
    expect(idleOpacity(60_000)).toBe(0)
  })
})

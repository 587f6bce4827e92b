import { describe, expect, test } from 'vitest'
import { addPong, contradicts, guess, shifted, UNSET_CLOCK } from '../src/core/clock.ts'

describe('clock', () => {
  test('W21: the sample with the shortest round trip wins', () => {
    let clock = guess(UNSET_CLOCK, 900_100, 0)
    expect(clock).toMatchObject({ offset: 900_100, measured: false })
    // The server is 900,000 ahead; the way there and back is uneven in the slow samples.
    clock = addPong(clock, 0, 900_090, 100)
    expect(clock.offset).toBe(900_040)
    clock = addPong(clock, 200, 900_205, 210)
    expect(clock.offset).toBe(900_000)
    clock = addPong(clock, 300, 900_390, 400)
    expect(clock.offset).toBe(900_000)
    expect(guess(clock, 900_400, 410)).toBe(clock)
  })

  test('W85: when the server’s clock was set, all samples move with it', () => {
    const clock = shifted(addPong(UNSET_CLOCK, 0, 1_005, 10), -400)
    expect(clock.offset).toBe(600)
    expect(addPong(clock, 20, 625, 30).samples).toHaveLength(2)
  })

  test('W86: an impossible sample is not used against a user_sync', () => {
    const clock = addPong(UNSET_CLOCK, 0, 1_005, 10)
    expect(contradicts(clock, 1_100, 100)).toBe(false)
    expect(contradicts(clock, 1_100, 3_000)).toBe(false)
    for (const timestamp of [3_601_100, -3_598_900]) {
      expect(contradicts(clock, timestamp, 100)).toBe(true)
      const after = { samples: [], offset: timestamp - 100, measured: false }
      expect(guess(clock, timestamp, 100)).toEqual(after)
    }
  })

  test('a local clock that jumped forgets what was measured before', () => {
    let clock = addPong(UNSET_CLOCK, 0, 1_005, 10)
    clock = addPong(clock, 20, 61_045, 70)
    expect(clock.offset).toBe(61_000)
    expect(clock.samples).toHaveLength(1)
  })

  test('a slow drift is followed', () => {
    let clock = UNSET_CLOCK
    for (let i = 0; i < 60; i += 1) {
      const now = i * 15_000
      clock = addPong(clock, now, now + 500 + i + 5, now + 10)
    }
    expect(clock.offset).toBeGreaterThan(500 + 59 - 13)
  })
})

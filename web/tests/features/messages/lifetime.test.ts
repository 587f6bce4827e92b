import { describe, expect, test } from 'vitest'
import { backoffMs, readClose } from '../../../src/shared/net/backoff'
import {
  addPong,
  contradicts,
  guess,
  shifted,
  UNSET_CLOCK,
} from '../../../src/features/channel/model/clock'
import {
  ARRIVAL,
  arriveMs,
  DEPARTURE,
  leaveMs,
  lifeOf,
  opacityAt,
  thereAt,
  phaseAt,
} from '../../../src/features/messages/model/lifetime'
import { idleOpacity, step } from '../../../src/features/cursors/model/motion'
import { DEFAULT_TTL } from '@asocial/client/core/frames'
import { throttle } from '../../../src/shared/throttle'

describe('life', () => {
  test('W12: a message lives by its length, to a limit', () => {
    expect(lifeOf(DEFAULT_TTL, 5)).toBe(5_000)
    expect(lifeOf(DEFAULT_TTL, 60)).toBe(5_000)
    expect(lifeOf(DEFAULT_TTL, 100)).toBe(7_000)
    expect(lifeOf(DEFAULT_TTL, 500)).toBe(12_000)
  })

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

describe('backoff', () => {
  test('W28: from 250 ms to 10 s, jittered within the upper half', () => {
    expect(backoffMs(0, 0)).toBe(125)
    expect(backoffMs(0, 0.999)).toBeLessThanOrEqual(250)
    expect(backoffMs(3, 0.5)).toBe(1_500)
    for (let attempt = 0; attempt < 100; attempt += 1) {
      expect(backoffMs(attempt, 0.999)).toBeLessThanOrEqual(10_000)
    }
    expect(backoffMs(50, 0)).toBe(5_000)
  })

  test('W28: retry_ms is never undercut', () => {
    expect(backoffMs(0, 0, 1_200)).toBe(1_200)
    expect(backoffMs(9, 0.9, 1_200)).toBeGreaterThan(1_200)
  })

  test('W28: 4500 to 4999 are final, the others are not', () => {
    const going = readClose(4001, '{"reason":"going away","retry_ms":1200}')
    expect(going).toEqual({ code: 4001, reconnect: true, retryMs: 1_200, reason: 'going away' })
    for (const code of [1000, 1006, 1009, 4008, 4012, 4013, 4499]) {
      expect(readClose(code, '').reconnect).toBe(true)
    }
    for (const code of [4500, 4501, 4503, 4504, 4999]) {
      expect(readClose(code, '{"reason":"x"}').reconnect).toBe(false)
    }
    expect(readClose(4001, 'plain words').reason).toBe('plain words')
    expect(readClose(4001, '{"retry_ms":"soon"}').retryMs).toBe(0)
  })
})

describe('throttle', () => {
  function setUp() {
    let now = 0
    const due: { at: number; run: () => void }[] = []
    const sent: string[] = []
    const timers = {
      now: () => now,
      set: (run: () => void, ms: number) => {
        const entry = { at: now + ms, run }
        due.push(entry)
        return entry
      },
      clear: (handle: unknown) => {
        const index = due.findIndex((entry) => entry === handle)
        if (index >= 0) due.splice(index, 1)
      },
    }
    const pass = (ms: number) => {
      now += ms
      for (const entry of due.splice(0)) {
        if (entry.at <= now) entry.run()
        else due.push(entry)
      }
    }
    return { gate: throttle<string>(40, (value) => sent.push(value), timers), sent, pass }
  }

  test('the first value is sent at once, the last always arrives', () => {
    const { gate, sent, pass } = setUp()
    for (const word of ['h', 'he', 'hel']) gate.push(word)
    expect(sent).toEqual(['h'])
    pass(40)
    expect(sent).toEqual(['h', 'hel'])
    pass(400)
    expect(sent).toHaveLength(2)
    gate.push('hell')
    expect(sent.at(-1)).toBe('hell')
  })

  test('the waiting value can be sent now, or dropped', () => {
    const { gate, sent, pass } = setUp()
    gate.push('a')
    gate.push('b')
    gate.flush()
    gate.push('c')
    gate.cancel()
    pass(100)
    expect(sent).toEqual(['a', 'b'])
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

  test('an idle cursor is opaque for 5 s and hidden after 60 s', () => {
    expect(idleOpacity(5_000)).toBe(1)
    expect(idleOpacity(30_000)).toBeGreaterThan(0)
    expect(idleOpacity(60_000)).toBe(0)
  })
})

import { describe, expect, test } from 'vitest'
import { backoffMs, readClose } from '../src/core/backoff.ts'

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
    expect(going).toEqual({ reconnect: true, retryMs: 1_200, reason: 'going away' })
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

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { throttle } from '../src/core/throttle.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('throttle', () => {
  function setUp() {
    const sent: string[] = []
    return { gate: throttle<string>(40, (value) => sent.push(value), Date.now), sent }
  }

  test('the first value is sent at once, the last always arrives', () => {
    const { gate, sent } = setUp()
    for (const word of ['h', 'he', 'hel']) gate.push(word)
    expect(sent).toEqual(['h'])
    vi.advanceTimersByTime(40)
    expect(sent).toEqual(['h', 'hel'])
    vi.advanceTimersByTime(400)
    expect(sent).toHaveLength(2)
    gate.push('hell')
    expect(sent.at(-1)).toBe('hell')
  })

  test('the waiting value can be dropped', () => {
    const { gate, sent } = setUp()
    gate.push('a')
    gate.push('b')
    gate.cancel()
    vi.advanceTimersByTime(100)
    expect(sent).toEqual(['a'])
  })
})

import { describe, expect, test } from 'vitest'
import { throttle } from '../src/core/throttle.ts'

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

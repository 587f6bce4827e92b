/*
 * Clocks that are set while people talk: the server's (W85, W86).
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AHEAD_MS, setUp } from '../../support/visitor'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a clock that is set', () => {
  test.each([-3_600_000, 3_600_000])(
    'W85: the server’s clock is set by %d ms: no life changes',
    (shift) => {
      const { get, entries, chat, app } = setUp()
      get({ type: 'pong', t: Date.now(), timestamp: Date.now() + AHEAD_MS })
      get(chat('m1'))
      app.messages.openCaret({ x: 0, y: 0 })
      vi.advanceTimersByTime(2_000)
      get({ type: 'clock', timestamp: Date.now() + AHEAD_MS + shift, shift })
      const lazy = chat('m2')
      if (lazy.type !== 'chat') throw new Error('unreachable')
      const { timestamp, expires_at } = lazy
      get({ ...lazy, timestamp: timestamp + shift, expires_at: expires_at + shift })
      expect(entries()).toHaveLength(2)
      vi.advanceTimersByTime(3_001)
      expect(entries().map(({ messageId }) => messageId)).toEqual(['m2'])
      vi.advanceTimersByTime(2_000)
      expect(entries()).toHaveLength(0)
    },
  )

  test('W86: a server’s clock that went back without a word leaves nothing hanging', () => {
    const { get, entries, chat, receive, sync } = setUp()
    get({ type: 'pong', t: Date.now(), timestamp: Date.now() + AHEAD_MS })
    get(chat('m1'))
    receive(sync({ timestamp: Date.now() + AHEAD_MS - 3_600_000 }), true)
    vi.advanceTimersByTime(4_000)
    expect(entries()).toHaveLength(1)
    vi.advanceTimersByTime(1_001)
    expect(entries()).toHaveLength(0)
  })

  test('W86: a message from the future has the clock measured at once, once a second', () => {
    const { get, chat, of } = setUp()
    get({ type: 'pong', t: Date.now(), timestamp: Date.now() + AHEAD_MS })
    for (const id of ['m1', 'm2']) {
      const frame = chat(id)
      if (frame.type !== 'chat') throw new Error('unreachable')
      get(frame)
      expect(of('ping')).toHaveLength(0)
    }
    for (const id of ['m3', 'm4']) {
      const frame = chat(id)
      if (frame.type !== 'chat') throw new Error('unreachable')
      get({ ...frame, timestamp: frame.timestamp + 9_000, expires_at: frame.expires_at + 9_000 })
    }
    expect(of('ping')).toHaveLength(1)
    // The answer to it: the message goes when it should.
    get({ type: 'pong', t: Date.now(), timestamp: Date.now() + AHEAD_MS + 9_000 })
    vi.advanceTimersByTime(1_000)
    get(chat('m5'))
    expect(of('ping')).toHaveLength(2)
  })
})

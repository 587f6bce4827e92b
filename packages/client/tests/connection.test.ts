/*
 * The connection against a hand-written socket: when it tries again, when it gives up, and how
 * it notices a connection that is open and dead.
 */
import { describe, expect, test, vi } from 'vitest'
import { FakeSocket, onDocument, onWindow, setUp } from './support/socket.ts'

describe('a runtime that closes with code 0', () => {
  test('is taken for a connection that was never made', () => {
    const { last, unopened, link } = setUp()
    last().end(0)
    expect(unopened).toHaveBeenCalledTimes(1)
    expect(link()).toBe('waiting')
  })
})

describe('connection', () => {
  test('W2, W4: the version and the token are offered; W3: it lives from user_sync on', () => {
    const { connection, frames, last, link } = setUp()
    expect(last().protocols).toEqual(['asocial.v1', 'tok'])
    expect(link()).toBe('connecting')
    last().readyState = 1
    expect(connection.send({ type: 'sync' })).toBe(false)
    last().sync()
    expect(link()).toBe('live')
    expect(frames).toEqual([['user_sync', true]])
    last().sync()
    expect(frames.at(-1)).toEqual(['user_sync', false])
    expect(connection.send({ type: 'sync' })).toBe(true)
  })

  test('W21: a few pings at the start, then one now and then', () => {
    const { last } = setUp()
    const socket = last()
    socket.sync()
    const pings = () => socket.sent.filter((frame) => frame.type === 'ping').length
    const answer = (ms: number) => {
      for (let passed = 0; passed < ms; passed += 500) {
        vi.advanceTimersByTime(500)
        socket.receive({ type: 'pong', t: 0, timestamp: 0 })
      }
    }
    answer(3_000)
    expect(pings()).toBe(5)
    answer(60_000)
    expect(pings()).toBe(9)
    expect(FakeSocket.all).toHaveLength(1)
  })

  test('W28: it waits longer and longer, to a limit, and starts over after a good connection', () => {
    const { links, last } = setUp()
    const delays: number[] = []
    for (let i = 0; i < 8; i += 1) {
      last().end(1006)
      const link = links.at(-1)
      if (link?.kind !== 'waiting') throw new Error('should wait')
      delays.push(link.until - Date.now())
      vi.advanceTimersByTime(link.until - Date.now())
    }
    expect(delays).toEqual([250, 500, 1000, 2000, 4000, 8000, 10000, 10000])
    last().sync()
    vi.advanceTimersByTime(3_000)
    last().receive({ type: 'pong', t: 0, timestamp: 0 })
    vi.advanceTimersByTime(3_000)
    last().end(1006)
    const link = links.at(-1)
    expect(link?.kind === 'waiting' && link.until - Date.now()).toBe(250)
  })

  test('the network or the tab coming back ends the wait', () => {
    const { last } = setUp()
    for (let i = 0; i < 6; i += 1) {
      last().end(1006)
      vi.advanceTimersByTime(10_000)
    }
    last().end(1006)
    const count = FakeSocket.all.length
    onWindow.get('online')?.({})
    expect(FakeSocket.all).toHaveLength(count + 1)
    last().end(1006)
    onDocument.get('visibilitychange')?.()
    expect(FakeSocket.all).toHaveLength(count + 2)
  })

  test('W28: retry_ms is waited for, unless the visitor says now', () => {
    const { connection, last } = setUp()
    last().sync()
    last().end(4001, '{"reason":"going away","retry_ms":3000}')
    onWindow.get('online')?.({})
    vi.advanceTimersByTime(2_900)
    expect(FakeSocket.all).toHaveLength(1)
    vi.advanceTimersByTime(200)
    expect(FakeSocket.all).toHaveLength(2)
    last().end(4013, '{"reason":"too often","retry_ms":60000}')
    connection.start()
    expect(FakeSocket.all).toHaveLength(3)
  })

  test('W28: 45xx is final, until the visitor tries again', () => {
    const { connection, links, last } = setUp()
    last().end(4504, '{"reason":"too many"}')
    expect(links.at(-1)).toEqual({ kind: 'final', code: 4504, reason: 'too many' })
    vi.advanceTimersByTime(120_000)
    onWindow.get('online')?.({})
    onDocument.get('visibilitychange')?.()
    expect(FakeSocket.all).toHaveLength(1)
    connection.start()
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('silence after a ping, or an upgrade without an answer, is a lost connection', () => {
    const { last, link } = setUp()
    vi.advanceTimersByTime(8_100)
    expect(link()).toBe('waiting')
    vi.advanceTimersByTime(1_000)
    last().sync()
    vi.advanceTimersByTime(2_000)
    expect(link()).toBe('live')
    vi.advanceTimersByTime(4_200)
    expect(link()).toBe('waiting')
  })

  test('a refused upgrade is reported, and given up when the refusal lasts', async () => {
    const { connection, unopened, last, links, link } = setUp()
    const lasting = { code: 'channel_private', message: 'private', lasting: true }
    unopened.mockResolvedValueOnce({ ...lasting, lasting: false })
    last().end(1006)
    expect(unopened).toHaveBeenCalledTimes(1)
    await Promise.resolve()
    expect(link()).toBe('waiting')
    unopened.mockRejectedValueOnce(new TypeError('no network'))
    connection.start()
    last().end(1006)
    await Promise.resolve()
    expect(link()).toBe('waiting')
    unopened.mockResolvedValueOnce(lasting)
    connection.start()
    last().end(1006)
    await Promise.resolve()
    expect(links.at(-1)).toEqual({ kind: 'final', code: 'channel_private', reason: 'private' })
    const tried = FakeSocket.all.length
    vi.advanceTimersByTime(100_000)
    onWindow.get('online')?.({})
    expect(FakeSocket.all).toHaveLength(tried)
    unopened.mockResolvedValueOnce(lasting)
    connection.start()
    last().end(1006)
    connection.start()
    last().sync()
    await Promise.resolve()
    expect(link(), 'an answer that came too late').toBe('live')
    last().end(1006)
    connection.start()
    last().end(4510)
    expect(links.at(-1)).toMatchObject({ kind: 'final', code: 4510 })
    expect(
      unopened,
      'not for one that was open, nor where the server said why',
    ).toHaveBeenCalledTimes(4)
  })

  test('W5: a close before the first frame is told by its code, a later one is not', () => {
    const { connection, unopened, turnedAway, last } = setUp()
    last().end(4013)
    expect(turnedAway.mock.calls).toEqual([[4013]])
    connection.start()
    last().sync()
    last().end(4008)
    expect(turnedAway).toHaveBeenCalledTimes(1)
    expect(unopened).not.toHaveBeenCalled()
  })

  test('frames of an old socket are ignored', () => {
    const { frames, last, connection } = setUp()
    const old = last()
    old.sync()
    const setCatalogue = old.onmessage
    old.end(1006)
    connection.start()
    setCatalogue?.({ data: '{"type":"pong","t":1,"timestamp":2}' })
    expect(frames).toHaveLength(1)
  })
})

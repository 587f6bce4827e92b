/*
 * Pages that are hidden, frozen, kept in the back/forward cache, or asleep: the link says what the socket is.
 */
import { describe, expect, test, vi } from 'vitest'
import { FakeSocket, onDocument, onWindow, setUp } from './support/socket.ts'

describe('the life of a page', () => {
  test('a page that is shown leaves a running upgrade alone, and restarts an old one', () => {
    const { last } = setUp()
    for (const name of ['pageshow', 'focus', 'online']) onWindow.get(name)?.({})
    onDocument.get('visibilitychange')?.()
    onDocument.get('resume')?.()
    expect(FakeSocket.all).toHaveLength(1)
    vi.advanceTimersByTime(2_000)
    for (const name of ['pageshow', 'focus']) onWindow.get(name)?.({})
    expect(FakeSocket.all).toHaveLength(1)
    onWindow.get('online')?.({})
    expect(FakeSocket.all).toHaveLength(2)
    last().sync()
  })

  test('a page that got pagehide and still runs has no live connection, and connects again', () => {
    const { last, link } = setUp()
    last().sync()
    onWindow.get('pagehide')?.({ persisted: false })
    expect(link()).toBe('waiting')
    expect(last().readyState).toBe(3)
    vi.advanceTimersByTime(1_100)
    expect(FakeSocket.all).toHaveLength(2)
  })

  test.each(['focus', 'pageshow', 'visibilitychange', 'resume', 'online'])(
    'after pagehide, %s connects at once, and finds a socket that ended unseen',
    (name) => {
      const { last, link } = setUp()
      const happens = () => (onWindow.get(name) ?? onDocument.get(name))?.({})
      last().sync()
      onWindow.get('pagehide')?.({ persisted: true })
      happens()
      expect(link()).toBe('connecting')
      expect(FakeSocket.all).toHaveLength(2)
      last().sync()
      last().readyState = 3
      happens()
      expect(link()).toBe('waiting')
    },
  )

  test('pagehide ends no refusal that is final, and no wait that the server asked for', () => {
    const { last, link } = setUp()
    last().end(4001, '{"reason":"going away","retry_ms":3000}')
    onWindow.get('pagehide')?.({ persisted: true })
    onWindow.get('pageshow')?.({ persisted: true })
    vi.advanceTimersByTime(2_900)
    expect(FakeSocket.all).toHaveLength(1)
    vi.advanceTimersByTime(200)
    last().end(4512)
    onWindow.get('pagehide')?.({ persisted: true })
    onWindow.get('pageshow')?.({ persisted: true })
    vi.advanceTimersByTime(60_000)
    expect(link()).toBe('final')
    expect(FakeSocket.all).toHaveLength(2)
  })

  test('a machine that slept is noticed although the timers slept too', () => {
    const { last, link } = setUp()
    last().sync()
    vi.advanceTimersByTime(2_500)
    last().receive({ type: 'pong', t: 0, timestamp: 0 })
    const pings = last().sent.length
    vi.setSystemTime(Date.now() + 3_600_000)
    vi.advanceTimersByTime(500)
    expect(last().sent).toHaveLength(pings + 1)
    vi.advanceTimersByTime(4_100)
    expect(link()).toBe('waiting')
  })
})

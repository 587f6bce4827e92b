/*
 * The connection against a hand-written socket: when it tries again, when it gives up, and how
 * it notices a connection that is open and dead.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Connection } from '../src/net/connection'
import type { Link } from '../src/state/session'

class FakeSocket {
  static readonly OPEN = 1
  static all: FakeSocket[] = []
  readyState = 0
  sent: { type: string; t?: number }[] = []
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.all.push(this)
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as { type: string })
  }
  close() {
    this.readyState = 3
  }
  receive(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  sync() {
    this.readyState = 1
    this.receive({
      ...{ type: 'user_sync', channel_id: 'c', user_id: 'me', users: [], user_count: 1 },
      ...{ messages: [], timestamp: 0, limits: {}, epoch: 'e', seq: 1 },
      ttl: { base: 1, per_character: 1, free_characters: 1, max: 1 },
    })
  }
  end(code: number, reason = '') {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }
}

const onWindow = new Map<string, (event: object) => void>()
const onDocument = new Map<string, (event?: object) => void>()
const browser = { visibilityState: 'visible', onLine: true }

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  vi.spyOn(Math, 'random').mockReturnValue(0.999999)
  FakeSocket.all = []
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('navigator', browser)
  vi.stubGlobal('addEventListener', (name: string, run: () => void) => onWindow.set(name, run))
  vi.stubGlobal('document', {
    get visibilityState() {
      return browser.visibilityState
    },
    addEventListener: (name: string, run: () => void) => onDocument.set(name, run),
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

function setUp() {
  const links: Link[] = []
  const frames: [string, boolean][] = []
  const unopened = vi.fn()
  const turnedAway = vi.fn()
  const connection = new Connection({
    address: () => 'ws://here/api/chat?channel=c',
    token: () => 'tok',
    now: () => Date.now(),
    onFrame: (frame, fresh) => frames.push([frame.type, fresh]),
    onLink: (link) => links.push(link),
    onUnopened: unopened,
    onTurnedAway: turnedAway,
  })
  connection.start()
  const last = () => {
    const socket = FakeSocket.all.at(-1)
    if (!socket) throw new Error('no socket')
    return socket
  }
  return { connection, unopened, turnedAway, links, frames, last, link: () => links.at(-1)?.kind }
}

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

  test('an upgrade under way is left alone by a page that is shown, and begun anew only when it is old', () => {
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

  test('a page that was hidden for good and still runs has no live link, and connects again', () => {
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
    connection.connectNow()
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
    connection.connectNow()
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

  test('an upgrade that was refused is told of, and given up when that is found to be for good', () => {
    const { connection, unopened, last, links, link } = setUp()
    last().end(1006)
    expect(unopened).toHaveBeenCalledTimes(1)
    expect(link()).toBe('waiting')
    connection.giveUp('channel_private')
    expect(links.at(-1)).toEqual({ kind: 'final', code: 'channel_private', reason: '' })
    vi.advanceTimersByTime(100_000)
    onWindow.get('online')?.({})
    expect(FakeSocket.all).toHaveLength(1)
    connection.connectNow()
    last().sync()
    connection.giveUp('channel_private')
    expect(link(), 'an answer that came too late').toBe('live')
    last().end(1006)
    connection.connectNow()
    last().end(4510)
    expect(links.at(-1)).toMatchObject({ kind: 'final', code: 4510 })
    expect(
      unopened,
      'not for one that was open, nor where the server said why',
    ).toHaveBeenCalledTimes(1)
  })

  test('W5: a close before the first frame is told by its code, a later one is not', () => {
    const { connection, unopened, turnedAway, last } = setUp()
    last().end(4013)
    expect(turnedAway.mock.calls).toEqual([[4013]])
    connection.connectNow()
    last().sync()
    last().end(4008)
    expect(turnedAway).toHaveBeenCalledTimes(1)
    expect(unopened).not.toHaveBeenCalled()
  })

  test('nothing an old socket says is heard', () => {
    const { frames, last, connection } = setUp()
    const old = last()
    old.sync()
    const hear = old.onmessage
    old.end(1006)
    connection.connectNow()
    hear?.({ data: '{"type":"pong","t":1,"timestamp":2}' })
    expect(frames).toHaveLength(1)
  })
})

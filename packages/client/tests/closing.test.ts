/*
 * A channel that is closed inside a listener: nothing follows, whatever the event was. Time is Vitest's fake one.
 */
import { describe, expect, test, vi } from 'vitest'
import type { Channel, Events } from '../src/index.ts'
import { chat, person, setUp, stroke } from './support/channel.ts'
import { setUp as setUpConnection, FakeSocket } from './support/socket.ts'

type Given = ReturnType<typeof setUp>
const at = { x: 1, y: 2 }
const typing = { type: 'typing', message_id: 'd1', user_id: 'mira', payload: 'h', position: at }
const rules = { owner: 'mira', slow_ms: 0, read_only: true, private: false }
const event = { epoch: 'e', seq: 2 }

/** What makes each event happen on a live channel. */
const CAUSES: { readonly [Type in Exclude<keyof Events, 'lagged'>]: (given: Given) => unknown } = {
  connected: ({ socket, live }) => {
    socket().end(1006)
    vi.advanceTimersByTime(300)
    live()
  },
  disconnected: ({ socket }) => socket().end(1006),
  closed: ({ socket }) => socket().end(4503, '{"reason":"closed"}'),
  message: ({ live }) =>
    live({ messages: [chat('m1', 0), chat('m2', 0)], strokes: [stroke('s1', 0)] }),
  expired: ({ socket }) => {
    socket().receive(chat('m1', 0))
    vi.advanceTimersByTime(5_001)
  },
  draft: ({ socket }) => socket().receive(typing),
  stroke: ({ socket }) => socket().receive(stroke('s1', 0)),
  joined: ({ socket }) => socket().receive({ type: 'user_joined', ...event, ...person('aiko') }),
  left: ({ socket }) => socket().receive({ type: 'user_left', ...event, user_id: 'mira' }),
  profile: ({ socket }) =>
    socket().receive({ type: 'user_updated', ...event, ...person('mira'), name: 'M' }),
  count: ({ socket }) => socket().receive({ type: 'user_count', ...event, count: 900 }),
  pointer: ({ socket }) =>
    socket().receive({ type: 'cursors', cursors: [['mira', 1, 2], ['aiko', 1, 2]] }), // prettier-ignore
  reaction: ({ socket }) =>
    socket().receive({ type: 'reaction', user_id: 'mira', kind: 'heart', position: at }),
  followed: ({ channel, socket }) => {
    channel.view(0, 0, 10, 10)
    socket().receive({ type: 'followed', user_id: 'mira' })
  },
  view: ({ socket }) =>
    socket().receive({ type: 'view', user_id: 'mira', position: at, width: 9, height: 9 }),
  crowd: ({ socket }) => socket().receive({ type: 'crowd', on: true }),
  pace: ({ socket }) =>
    socket().receive({ type: 'pace', cursors_per_second: 2, drafts_per_second: 2 }),
  activity: ({ socket }) =>
    socket().receive({ type: 'activity', size: 9, whole: true, places: [[0, 0, 1, 1]] }),
  rules: ({ socket }) => socket().receive({ type: 'channel_updated', by: 'mira', ...rules }),
  notice: ({ socket }) => socket().receive({ type: 'notice', text: 'soon', timestamp: 0 }),
  cleared: ({ socket }) => socket().receive({ type: 'cleared', by: 'mira', timestamp: 0 }),
  degraded: ({ socket }) => socket().receive({ type: 'degraded' }),
  restored: ({ socket }) => socket().receive({ type: 'restored' }),
  error: ({ socket }) => socket().receive({ type: 'error', code: 'forbidden', message: 'no' }),
}

describe('a channel that is closed inside a listener', () => {
  test.each(Object.entries(CAUSES))(
    'of %s is closed: no event, timer or connection follows',
    async (type, cause) => {
      const given = setUp()
      const { channel, live } = given
      live()
      const seen: string[] = []
      let wasClosed = false
      const close = () => {
        if (!wasClosed) seen.push(type)
        wasClosed = true
        channel.close()
      }
      channel.on(type as keyof Events, close)
      for (const each of [...Object.keys(CAUSES)] as (keyof Events)[])
        channel.on(each, () => void (wasClosed && seen.push(each)))
      cause(given)
      expect(seen).toEqual([type, 'closed'])
      expect(channel.closed?.code).toBe(type === 'closed' ? 4503 : 1000)
      expect([channel.isLive, channel.count, channel.messages, channel.drafts]).toEqual([
        false,
        0,
        [],
        [],
      ])
      const sockets = FakeSocket.all.length
      // What was throttled or to be repeated may wait for less than a second; then the process can end.
      await vi.advanceTimersByTimeAsync(1_000)
      expect(vi.getTimerCount()).toBe(0)
      expect(FakeSocket.all).toHaveLength(sockets)
      expect(seen).toEqual([type, 'closed'])
    },
  )

  test('what closed it first counts', () => {
    const { channel, socket, live } = setUp()
    live()
    socket().end(4503, '{"reason":"closed"}')
    channel.close()
    expect(channel.closed).toMatchObject({ code: 4503, reason: 'closed' })
  })

  test('before its first connection is never connected', async () => {
    const { channel, socket } = setUp()
    channel.on('disconnected', () => channel.close())
    socket().end(1006)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(FakeSocket.all).toHaveLength(1)
    await expect(channel.ready).rejects.toMatchObject({ code: 1000 } satisfies Partial<
      Channel['closed']
    >)
  })
})

test.each(['connecting', 'live', 'waiting'])(
  'a connection that is closed when its link is %s stays closed',
  (kind) => {
    const { connection, last, links } = setUpConnection()
    const push = links.push.bind(links)
    links.push = (link) => {
      const count = push(link)
      if (link.kind === kind) connection.close()
      return count
    }
    if (kind === 'live') last().sync()
    else last().end(1006)
    vi.advanceTimersByTime(300)
    expect(links.at(-1)).toMatchObject({ kind: 'final', code: 1000 })
    const count = FakeSocket.all.length
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(count)
    expect(vi.getTimerCount()).toBe(0)
  },
)

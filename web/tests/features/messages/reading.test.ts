/*
 * Time to read: one reader's hand on what hangs on the window, and what is remembered for a while.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { goesAt } from '@asocial/client/core/life'
import { leaveMs, lingersUntil } from '../../../src/features/messages/model/lifetime'
import {
  forget,
  hold,
  recall,
  release,
  setFactor,
} from '../../../src/features/messages/model/reading'
import { fold, matcher } from '../../../src/features/history/model/search'
import * as messages from '@asocial/client/core/messages'
import type { ChatFrame } from '@asocial/client/core/frames'
import { HISTORY_MS, HISTORY_MAX } from '../../../src/features/history/store/history'
import { AHEAD_MS, setUp } from '../../support/visitor'

const chat = (message_id: string, user_id = 'mira', timestamp = 1_000): ChatFrame => ({
  type: 'chat',
  message_id,
  user_id,
  name: 'Mira',
  color: 'rust',
  payload: 'hello',
  position: { x: 3, y: 4 },
  timestamp,
  expires_at: timestamp + 5_000,
})
const setCatalogue = (state: messages.Messages, ...frames: ChatFrame[]) =>
  frames.reduce((next, frame) => messages.onChat(next, frame, 'me', frame.timestamp), state)
const keys = (state: messages.Messages) => [...state.entries.keys()]

describe('a life as long as the reader chooses', () => {
  test('the factor multiplies it; a released message waits a moment before it fades', () => {
    expect(goesAt(1_000, 6_000, 1)).toBe(6_000)
    expect(goesAt(1_000, 6_000, 3)).toBe(16_000)
    expect(goesAt(1_000, 6_000, 'stay')).toBe(Infinity)
    const leaves = leaveMs(5_000)
    expect(lingersUntil(1_000, 6_000, 6_000, 2_000)).toBe(6_000)
    expect(lingersUntil(1_000, 6_000, 6_000, 5_900)).toBe(5_900 + 1_200 + leaves)
  })

  test('it vanishes then, and for the others its end is unchanged', () => {
    const long = setCatalogue(setFactor(messages.NO_MESSAGES, 3, 0), chat('m1'))
    expect(messages.nextCull(long)).toBe(16_000)
    expect(keys(messages.cull(long, 15_999))).toHaveLength(1)
    expect(keys(messages.cull(long, 16_000))).toHaveLength(0)
    expect(long.entries.get('mira/m1')?.expiresAt).toBe(6_000)
  })

  test('our own messages too, from their acknowledgement on', () => {
    const own = { messageId: 'm1', text: 'hi', at: { x: 0, y: 0 }, userId: 'me' }
    const posted = messages.post(setFactor(messages.NO_MESSAGES, 2, 0), own, 900, 5_000)
    expect(messages.nextCull(posted)).toBe(5_900)
    const ack = { message_id: 'm1', timestamp: 1_000, expires_at: 6_000 }
    expect(messages.nextCull(messages.onAck(posted, ack))).toBe(11_000)
  })

  test('a message that stays vanishes when it is put away, and a snapshot does not bring it back (W13)', () => {
    const stays = setCatalogue(setFactor(messages.NO_MESSAGES, 'stay', 0), chat('m1'))
    expect(messages.nextCull(stays)).toBe(Infinity)
    expect(keys(messages.cull(stays, 1e9))).toHaveLength(1)
    const away = messages.drop(stays, 'mira/m1')
    expect(messages.onChat(away, chat('m1'), 'me', 2_000)).toBe(away)
  })

  test('changing the factor gives a message that would be over a moment, and a live one its life', () => {
    const stays = setCatalogue(
      setFactor(messages.NO_MESSAGES, 'stay', 0),
      chat('m1'),
      chat('m2', 'mira', 20_000),
    )
    const once = setFactor(stays, 1, 21_000)
    expect(once.entries.get('mira/m1')?.goesAt).toBe(21_000 + 1_200 + leaveMs(5_000))
    expect(once.entries.get('mira/m2')?.goesAt).toBe(25_000)
  })

  test('when everything stays, the newest and the held messages stay', () => {
    const frames = Array.from({ length: messages.KEPT_MAX + 50 }, (_, i) =>
      chat(`m${i}`, 'mira', i),
    )
    const stays = hold(
      setCatalogue(setFactor(messages.NO_MESSAGES, 'stay', 0), ...frames),
      'mira/m0',
    )
    const kept = messages.cull(stays, 1e6)
    expect(kept.entries.size).toBe(messages.KEPT_MAX)
    expect(keys(kept)[0]).toBe('mira/m0')
    expect(keys(kept)[1]).toBe('mira/m51')
    // Those that still live for everyone are not counted, however many they are.
    expect(messages.cull(stays, 3_000).entries.size).toBe(frames.length)
  })
})

describe('holding a message', () => {
  test('held, it does not vanish; released, it vanishes after a moment', () => {
    const held = hold(setCatalogue(messages.NO_MESSAGES, chat('m1')), 'mira/m1')
    expect(messages.nextCull(held)).toBe(Infinity)
    expect(keys(messages.cull(held, 60_000))).toHaveLength(1)
    const free = release(held, 'mira/m1', 60_000)
    expect(messages.nextCull(free)).toBe(60_000 + 1_200 + leaveMs(5_000))
    expect(hold(free, 'nobody/m9')).toBe(free)
    expect(release(free, 'mira/m1', 70_000)).toBe(free)
  })

  test('holding a draft holds its message; the draft itself vanishes as usual', () => {
    const typing = { type: 'typing', message_id: 'm1', user_id: 'mira', position: { x: 0, y: 0 } }
    const frame = (payload: string) => ({ ...typing, payload }) as const
    const draft = hold(
      messages.onTyping(messages.NO_MESSAGES, { ...frame('h'), type: 'typing' }, 'me', 900),
      'mira/m1',
    )
    expect(keys(messages.cull(draft, 20_000))).toEqual([])
    expect(messages.onChat(draft, chat('m1'), 'me', 1_000).entries.get('mira/m1')?.held).toBe(true)
  })

  test('the messages of a forgotten user vanish, held or not; ours stay', () => {
    let state = setCatalogue(messages.NO_MESSAGES, chat('m1'), chat('m2', 'aiko'), chat('m3', 'me'))
    state = hold(state, 'mira/m1')
    expect(keys(forget(state, 'mira'))).toEqual(['aiko/m2', '/m3'])
    expect(keys(forget(state, 'me'))).toHaveLength(3)
  })

  test('a message from the history is shown once more, for a while', () => {
    const entry = setCatalogue(messages.NO_MESSAGES, chat('m1')).entries.get('mira/m1')
    if (!entry) throw new Error('it was posted')
    const again = recall(messages.NO_MESSAGES, entry, 90_000)
    expect(again.entries.get('mira/m1')).toMatchObject({ goesAt: 94_000, expiresAt: 6_000 })
    expect(keys(messages.cull(again, 94_000))).toEqual([])
  })
})

describe('searching', () => {
  test.each([
    ['cafe', 'Ann: Café au lait', true],
    ['CAFÉ', 'ann: cafe', true],
    ['lait ann', 'Ann: Café au lait', true],
    ['ann tea', 'Ann: Café au lait', false],
    ['שלום', 'Mira: שָׁלוֹם', true],
    ['  ', 'anything', true],
  ])('%s in “%s”: %s', (asked, line, found) => {
    expect(matcher(asked)(line)).toBe(found)
  })

  test('marks are removed, letters stay', () => expect(fold('Ångström ﬁ Й')).toBe('angstrom fi и'))
})

describe('history', () => {
  beforeEach(() => vi.useFakeTimers({ now: 50_000 }))
  afterEach(() => vi.useRealTimers())

  test('contains each message once, our own too, and no drafts or pending messages', () => {
    const { app, get, sync, receive, write, of, chat: posted } = setUp()
    get({
      type: 'typing',
      message_id: 'm1',
      user_id: 'mira',
      payload: 'h',
      position: { x: 0, y: 0 },
    })
    get(posted('m1'))
    get(posted('m1'))
    const living = posted('m1')
    if (living.type === 'chat') receive(sync({ messages: [living] }), true)
    write('mine')
    app.messages.send({ x: 0, y: 0 })
    expect(app.history.all()).toHaveLength(1)
    const message_id = of('chat')[0]?.message_id ?? ''
    const now = Date.now() + AHEAD_MS
    get({ type: 'ack', message_id, timestamp: now, expires_at: now + 5_000 })
    get({ type: 'ack', message_id, timestamp: now, expires_at: now + 5_000 })
    expect(app.history.all().map(({ text }) => text)).toEqual(['hi', 'mine'])
  })

  test('for five minutes, up to a number', () => {
    const { app, get, chat: posted } = setUp()
    for (let i = 0; i < HISTORY_MAX + 5; i += 1) get(posted(`m${i}`))
    expect(app.history.all()).toHaveLength(HISTORY_MAX)
    expect(app.history.all()[0]?.messageId).toBe('m5')
    vi.advanceTimersByTime(HISTORY_MS - 1_000)
    get(posted('later'))
    vi.advanceTimersByTime(2_000)
    expect(app.history.all().map(({ messageId }) => messageId)).toEqual(['later'])
  })
})

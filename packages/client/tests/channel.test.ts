/*
 * A channel against a hand-written server end. Time is Vitest's fake one; tests/integration has a real server.
 */
import { describe, expect, test, vi } from 'vitest'
import { addressOf } from '../src/address.ts'
import type { ConnectOptions } from '../src/index.ts'
import { moderation } from '../src/moderation.ts'
import { FakeSocket } from './support/socket.ts'
import { chat, person, setUp } from './support/channel.ts'

describe('a channel', () => {
  test('asks for what it was given', () => {
    const { socket } = setUp({ name: 'Ann', color: 'teal', invite: 'i', onMap: false, lang: 'de' })
    const { origin, pathname, searchParams } = new URL(socket().url)
    expect(origin + pathname).toBe('wss://talk.example/api/chat')
    expect(Object.fromEntries(searchParams)).toEqual({
      ...{ channel: 'garden', name: 'Ann', color: 'teal', invite: 'i', lang: 'de', on_map: '0' },
    })
    expect(socket().protocols).toEqual(['asocial.v1', 't'])
  })

  test('W84: a guest without a token has a key from the start, and the server’s token after it', () => {
    const { socket } = setUp({ token: undefined } as unknown as ConnectOptions)
    expect(socket().protocols[1]).toMatch(/^guest-[0-9a-f]{64}$/)
    const { channel, live } = setUp()
    live({ token: 'better' })
    expect(channel.token).toBe('better')
  })

  test('W4: a token that does not come back was not known', () => {
    const { channel, live } = setUp({ token: 't' })
    live({ token: 't' })
    expect(channel.isNewGuest).toBe(false)
    live({ token: 'another' })
    expect(channel.isNewGuest).toBe(true)
    expect(channel.token).toBe('another')
    // A provider's token does not come back either, but then none does.
    const signedIn = setUp()
    signedIn.live()
    expect(signedIn.channel.isNewGuest).toBe(false)
  })

  test('a WebSocket class that is passed is used', () => {
    class Own extends FakeSocket {}
    const { socket } = setUp({ WebSocket: Own })
    expect(socket()).toBeInstanceOf(Own)
  })

  test('`ready` and `connected` come once the mirror is up to date', async () => {
    const { channel, live, settle, types } = setUp()
    let atReady = -1
    const ready = channel.ready.then(() => (atReady = channel.count))
    expect(channel.isLive).toBe(false)
    live({ messages: [chat('m1', 0)] })
    await ready
    await settle()
    expect(atReady).toBe(2)
    expect(types()).toEqual(['message', 'connected'])
    expect(channel.messages).toMatchObject([{ id: 'm1', text: 'hi', x: 1, y: 2, mine: false }])
  })

  test('W12: a message is there until its end on the server’s clock', async () => {
    const { channel, socket, live, settle, types } = setUp()
    live({ timestamp: 1_000_000 })
    socket().receive(chat('m1', 1_000_000))
    await vi.advanceTimersByTimeAsync(4_999)
    expect(channel.messages).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(2)
    await settle()
    expect(channel.messages).toHaveLength(0)
    expect(types().filter((type) => type === 'message' || type === 'expired')).toEqual([
      ...['message', 'expired'],
    ])
  })

  test('W10: what was not acknowledged goes out again, once, also where a listener says more', () => {
    const { channel, socket, live, sent } = setUp()
    live()
    channel.say('hello', { x: 0, y: 0 }, { messageId: 'm1' }).catch(() => undefined)
    socket().end(1006)
    vi.advanceTimersByTime(300)
    channel.on('connected', () => void channel.say('and', undefined, { messageId: 'm2' }))
    live()
    expect(sent('chat')).toMatchObject([{ message_id: 'm1' }, { message_id: 'm2' }])
  })

  test('W10: a message whose ack was lost is known from the snapshot', async () => {
    const { channel, socket, live, types, settle } = setUp()
    live()
    const said = channel.say('hi', { x: 1, y: 2 }, { messageId: 'm1' })
    socket().end(1006)
    vi.advanceTimersByTime(300)
    live({ messages: [{ ...chat('m1', 250), user_id: 'me' }] })
    expect(await said).toMatchObject({ id: 'm1', sentAt: 250, mine: true })
    await settle()
    expect(types()).not.toContain('message')
  })

  test('`say` gives up in time, and its message is gone', async () => {
    const { channel, live } = setUp()
    live()
    const said = channel.say('hello', undefined, { timeoutMs: 1_000 })
    const caught = said.catch((error: unknown) => error)
    vi.advanceTimersByTime(1_001)
    expect(await caught).toMatchObject({ name: 'NotSent', code: 'timeout' })
    expect(channel.messages).toHaveLength(0)
  })

  test('W25: after `unavailable` it tries again, after another error it does not', async () => {
    const { channel, socket, live, sent } = setUp()
    live()
    const refuse = (code: string) =>
      socket().receive({ type: 'error', code, message: 'why', message_id: 'm1' })
    const said = channel.say('hello', undefined, { messageId: 'm1' })
    const caught = said.catch((error: unknown) => error)
    refuse('unavailable')
    expect(sent('chat')).toHaveLength(1)
    vi.advanceTimersByTime(250)
    expect(sent('chat')).toHaveLength(2)
    refuse('read_only')
    expect(await caught).toMatchObject({ name: 'NotSent', code: 'read_only' })
  })

  test('an error about something else is an event', async () => {
    const { socket, live, settle, events } = setUp()
    live()
    socket().receive({ type: 'error', code: 'not_owner', message: 'why' })
    await settle()
    expect(events.at(-1)).toMatchObject({ type: 'error', data: { code: 'not_owner' } })
  })

  test('W19: a snapshot after a gap becomes the events that were missed', async () => {
    const { socket, live, sent, settle, types } = setUp()
    live()
    socket().receive({ type: 'user_left', user_id: 'x', epoch: 'e', seq: 5 })
    expect(sent('sync')).toHaveLength(1)
    live({ seq: 5, users: ['me', 'noa'].map(person) })
    await settle()
    expect(types()).toEqual(['connected', 'left', 'joined'])
  })

  test('W10: under a new user id, what the snapshot has of the old one is the answer of `say`', async () => {
    const { channel, socket, live, sent } = setUp()
    live()
    const said = channel.say('hi', { x: 1, y: 2 }, { messageId: 'm1' })
    socket().end(1006)
    vi.advanceTimersByTime(300)
    live({ user_id: 'new', messages: [{ ...chat('m1', 250), user_id: 'me' }] })
    expect(await said).toMatchObject({ id: 'm1', mine: true })
    expect(sent('chat')).toEqual([])
  })

  test('the same id twice at the same time: both get the answer', async () => {
    const { channel, socket, live } = setUp()
    live()
    const both = [1, 2].map(() => channel.say('hi', undefined, { messageId: 'm1' }))
    socket().receive({ type: 'ack', message_id: 'm1', timestamp: 1, expires_at: 5_001 })
    const said = { id: 'm1', text: 'hi', x: 0, y: 0, mine: true, bot: false }
    expect(await Promise.all(both)).toMatchObject([said, said])
    expect(channel.messages).toMatchObject([said])
  })

  test('W150: what an operator tells everybody is an event', async () => {
    const { events, socket, live, settle } = setUp()
    live()
    socket().receive({ type: 'notice', text: 'Back at noon', timestamp: 7 })
    await settle()
    expect(events.at(-1)).toEqual({ type: 'notice', data: { text: 'Back at noon', sentAt: 7 } })
  })

  test('W85: when the server’s clock is set, lives do not change', async () => {
    const { channel, socket, live } = setUp()
    live()
    socket().receive(chat('m1', 0))
    socket().receive({ type: 'clock', timestamp: 3_600_000, shift: 3_600_000 })
    await vi.advanceTimersByTimeAsync(4_900)
    expect(channel.messages).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(200)
    expect(channel.messages).toHaveLength(0)
  })

  test('without a connection, what needs one says so, and a reaction is lost', () => {
    const { channel } = setUp()
    expect(() => moderation(channel).clear()).toThrow('no connection')
    expect(() => channel.react('heart')).not.toThrow()
  })

  test('after `close` nothing follows, and no timer is left', async () => {
    const { channel, socket, live, read, types } = setUp()
    live({ messages: [chat('m1', 0)] })
    const said = channel.say('hello').catch((error: unknown) => error)
    channel.close()
    expect(await said).toMatchObject({ name: 'ChannelClosed', code: 1000 })
    await read
    expect(types().at(-1)).toBe('closed')
    expect(socket().readyState).toBe(3)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(vi.getTimerCount()).toBe(0)
    for await (const event of channel) throw new Error(`an event after the end: ${event.type}`)
  })

  test('W28: what the server closed it with is thrown by the iteration', async () => {
    const { socket, live, read } = setUp()
    live()
    socket().end(4512, '{"reason":"removed"}')
    await expect(read).rejects.toMatchObject({ name: 'ChannelClosed', code: 4512 })
  })

  test('a listener that throws stops no other, and one that is taken back hears nothing', () => {
    const { channel, socket, live } = setUp()
    live()
    const heard = vi.fn()
    channel.on('message', () => {
      throw new Error('of the listener')
    })
    const stop = channel.on('message', heard)
    socket().receive(chat('m1', 0))
    expect(() => vi.advanceTimersByTime(0)).toThrow('of the listener')
    stop()
    socket().receive(chat('m2', 0))
    expect(heard).toHaveBeenCalledTimes(1)
    expect(() => vi.advanceTimersByTime(0)).toThrow('of the listener')
  })

  test('an iteration that is too slow says how much it lost', async () => {
    const { channel, socket, live } = setUp()
    live()
    const events = channel[Symbol.asyncIterator]()
    const first = events.next()
    for (let number = 0; number < 1_003; number += 1) socket().receive(chat(`m${number}`, 0))
    expect(await first).toMatchObject({ value: { type: 'lagged', data: 3 } })
    expect(await events.next()).toMatchObject({ value: { data: { id: 'm3' } } })
  })
})

describe('an address', () => {
  test.each([
    ['https://talk.example', undefined, 'https://talk.example', 'default'],
    ['https://talk.example/c/garden#120,-40,1', undefined, 'https://talk.example', 'garden'],
    ['https://talk.example/c/garden/', 'pond', 'https://talk.example', 'pond'],
    ['localhost:8080', 'garden', 'http://localhost:8080', 'garden'],
    ['wss://talk.example', 'pond', 'https://talk.example', 'pond'],
    ['http://[::1]:8080', undefined, 'http://[::1]:8080', 'default'],
  ])('%s, %s', (link, name, server, channel) => {
    expect(addressOf(link, name)).toEqual({ server, channel })
  })

  test.each([
    ['ftp://talk.example', undefined],
    ['https://', undefined],
    ['https://a', 'a b'],
  ])('%s, %s is refused', (link, name) => {
    expect(() => addressOf(link, name)).toThrow(TypeError)
  })
})

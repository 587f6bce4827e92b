/*
 * The stores together, against a hand-written server end: what goes out, what is shown, when.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AHEAD_MS, setUp, user } from '../support/visitor'
import { shownCount, shownPeople } from '../../src/features/people/store/presence'
import type { ServerFrame } from '@asocial/client/core/frames'

beforeEach(() => vi.useFakeTimers({ now: 50_000 }))
afterEach(() => vi.useRealTimers())

describe('talking', () => {
  test('W4: the token is kept and offered again', () => {
    const { app, kept } = setUp()
    expect(kept.get('token')).toBe('t1')
    expect(app.session.token()).toBe('t1')
  })

  test('letters are told as they come, the last always, under the id of the message', () => {
    const { app, of, write } = setUp()
    write('h')
    app.messages.write('he')
    app.messages.write('hel')
    vi.advanceTimersByTime(50)
    expect(of('typing').map((frame) => frame.payload)).toEqual(['h', 'hel'])
    app.messages.send({ x: 10, y: 50 })
    expect(of('chat')).toHaveLength(1)
    expect(of('chat')[0]).toMatchObject({ payload: 'hel', position: { x: 10, y: 20 } })
    expect(of('chat')[0]?.message_id).toBe(of('typing')[0]?.message_id)
    expect(app.messages.store.getState().draft).toMatchObject({ text: '', at: { x: 10, y: 50 } })
    vi.advanceTimersByTime(100)
    expect(of('typing')).toHaveLength(2)
  })

  test('a mark that does not fit takes nothing of what is written', () => {
    const { app, write } = setUp()
    write('x'.repeat(499) + 'e')
    expect(app.messages.write('x'.repeat(499) + 'e\u0301')).toBe('x'.repeat(499) + 'e')
    expect(app.messages.store.getState().draft?.cut).toBe(2)
    app.messages.write('x'.repeat(490))
    expect(app.messages.write('x'.repeat(490) + 'abcdefghijkl')).toBe(
      'x'.repeat(490) + 'abcdefghij',
    )
  })

  test('clicking elsewhere says what is written; an untouched caret says nothing', () => {
    const { app, of, write, sent } = setUp()
    write('hello')
    app.messages.openCaret({ x: 300, y: 0 })
    expect(of('chat')[0]?.payload).toBe('hello')
    const before = sent.length
    app.messages.openCaret({ x: 600, y: 0 })
    app.messages.rest()
    expect(sent.length).toBe(before)
    expect(app.messages.store.getState().draft).toBeUndefined()
  })

  test('a dropped draft is taken back, once, and only when others have seen it', () => {
    const { app, of, write } = setUp()
    write('hello')
    app.messages.dropDraft()
    expect(of('typing').map((frame) => frame.payload)).toEqual(['hello', ''])
    app.messages.openCaret({ x: 0, y: 0 })
    app.messages.dropDraft()
    expect(of('typing')).toHaveLength(2)
  })

  test('W12: a message goes at expires_at on the server’s clock', () => {
    const { get, entries, chat } = setUp()
    get(chat('m1'))
    vi.advanceTimersByTime(4_990)
    expect(entries()).toHaveLength(1)
    vi.advanceTimersByTime(11)
    expect(entries()).toHaveLength(0)
  })

  test('W12, W21: a better idea of the clock moves the end', () => {
    const { get, entries, chat } = setUp()
    get(chat('m1'))
    // The guess of user_sync was 400 ms late: the server is further ahead.
    get({ type: 'pong', t: Date.now() - 4, timestamp: Date.now() + AHEAD_MS + 398 })
    vi.advanceTimersByTime(4_590)
    expect(entries()).toHaveLength(1)
    vi.advanceTimersByTime(20)
    expect(entries()).toHaveLength(0)
  })

  test('in a flood the dead do not wait for the timer’s turn', () => {
    const { get, entries, chat } = setUp()
    for (let i = 0; i < 200; i += 1) {
      get(chat(`m${i}`))
      // As in a loop too busy to run timers at all.
      vi.setSystemTime(Date.now() + 100)
    }
    expect(entries().length).toBeLessThanOrEqual(50)
  })

  test('W10: what got no answer goes again after a reconnect, and the draft is told again', () => {
    const { app, world, of, receive, sync, write, entries } = setUp()
    world.online = false
    write('first')
    app.messages.send({ x: 0, y: 40 })
    app.messages.write('second')
    vi.advanceTimersByTime(1_000)
    expect(of('chat')).toHaveLength(0)
    world.online = true
    receive(sync({ epoch: 'e2' }), true)
    expect(of('chat').map((frame) => frame.payload)).toEqual(['first'])
    expect(of('typing').at(-1)?.payload).toBe('second')
    expect(entries()).toHaveLength(1)
  })

  test('W10: words older than their life are offered, not fired', () => {
    const { app, world, of, receive, sync, write, entries } = setUp()
    world.online = false
    write('first')
    app.messages.send({ x: 0, y: 40 })
    const id = entries()[0]?.messageId
    vi.advanceTimersByTime(6_000)
    world.online = true
    receive(sync({ epoch: 'e2' }), true)
    expect(of('chat')).toHaveLength(0)
    expect(entries()[0]).toMatchObject({ state: 'late', text: 'first' })
    app.messages.sendAgain(entries()[0]?.key ?? '')
    expect(of('chat')).toHaveLength(1)
    expect(of('chat')[0]?.message_id).not.toBe(id)
    expect(entries()).toHaveLength(1)
  })

  test('W25: refused words can be sent again under their id', () => {
    const { app, get, of, write, entries } = setUp()
    write('hello')
    app.messages.send({ x: 0, y: 0 })
    const message_id = of('chat')[0]?.message_id ?? ''
    get({ type: 'error', code: 'rate_limited', message: 'slow', retry_after: 2_000, message_id })
    expect(entries()[0]).toMatchObject({ state: 'refused' })
    app.messages.sendAgain(entries()[0]?.key ?? '')
    expect(of('chat').map((frame) => frame.message_id)).toEqual([message_id, message_id])
    get({ type: 'ack', message_id, timestamp: 1, expires_at: Date.now() + AHEAD_MS + 9_000 })
    expect(entries()[0]).toMatchObject({ state: 'sent' })
  })
})

describe('people', () => {
  const left = (seq: number, user_id: string): ServerFrame => ({
    type: 'user_left',
    epoch: 'e1',
    seq,
    user_id,
  })
  const joined = (seq: number, id: string): ServerFrame => ({
    type: 'user_joined',
    epoch: 'e1',
    seq,
    ...user(id),
  })

  test('a reload is neither a leave nor a join to look at', () => {
    const { app, get } = setUp()
    const shown = () => shownCount(app.presence.store.getState())
    get(left(2, 'mira'))
    expect(shown()).toBe(2)
    vi.advanceTimersByTime(1_000)
    get(joined(3, 'mira'))
    vi.advanceTimersByTime(3_000)
    expect(shown()).toBe(2)
    expect(app.presence.store.getState().notice).toBeUndefined()
  })

  test('W198: a newcomer is announced by the name that comes a moment after them', () => {
    const { app, get } = setUp()
    get({ ...joined(2, 'aiko'), name: '…' } as ServerFrame)
    vi.advanceTimersByTime(500)
    get({ type: 'profiles', users: [user('aiko')] })
    vi.advanceTimersByTime(1_000)
    const { notice } = app.presence.store.getState()
    expect([...(notice?.joined.values() ?? [])].map(({ name }) => name)).toEqual(['aiko'])
  })

  test('who is gone is gone after the grace, and it is told', () => {
    const { app, get } = setUp()
    get(left(2, 'mira'))
    vi.advanceTimersByTime(1_600)
    expect(shownCount(app.presence.store.getState())).toBe(1)
    vi.advanceTimersByTime(1_200)
    const notice = () => app.presence.store.getState().notice
    expect([...(notice()?.left.keys() ?? [])]).toEqual(['mira'])
    vi.advanceTimersByTime(10_000)
    expect(notice()).toBeUndefined()
  })

  test('we stand first', () => {
    const { app } = setUp(['aiko', 'mira'])
    const people = shownPeople(app.presence.store.getState(), 'me')
    expect(people.map((one) => one.user_id)).toEqual(['me', 'aiko', 'mira'])
  })

  test('W19: a lost answer to sync is asked for again', () => {
    const { get, of, sync } = setUp()
    get(joined(5, 'aiko'))
    expect(of('sync')).toHaveLength(1)
    vi.advanceTimersByTime(2_100)
    expect(of('sync')).toHaveLength(2)
    get(sync({ seq: 5 }))
    vi.advanceTimersByTime(10_000)
    expect(of('sync')).toHaveLength(2)
  })

  test('W16: a newcomer is told where our pointer and our draft are, within a second', () => {
    const { app, get, of, write } = setUp()
    app.cursors.point({ x: 1, y: 2 })
    write('hm')
    vi.advanceTimersByTime(5_000)
    const before = of('cursor').length + of('typing').length
    get(joined(2, 'aiko'))
    vi.advanceTimersByTime(1_000)
    expect(of('cursor').length + of('typing').length).toBe(before + 2)
  })

  test('alone or hidden, no cursor is sent', () => {
    const alone = setUp([])
    alone.app.cursors.point({ x: 1, y: 2 })
    const hidden = setUp()
    hidden.world.hidden = true
    hidden.app.cursors.point({ x: 1, y: 2 })
    vi.advanceTimersByTime(1_000)
    expect(alone.of('cursor')).toEqual([])
    expect(hidden.of('cursor')).toEqual([])
  })

  test('hidden, nothing is asked and nothing told: neither drafts, nor who is who', () => {
    const { app, get, world, sent, write } = setUp()
    app.cursors.point({ x: 1, y: 2 })
    write('hm')
    vi.advanceTimersByTime(1_000)
    world.hidden = true
    const before = sent.length
    get(joined(3, 'aiko'))
    get({ type: 'cursors', cursors: [['x1', 0, 0]] })
    vi.advanceTimersByTime(20_000)
    expect(sent.slice(before)).toEqual([])
    world.hidden = false
    get({ type: 'cursors', cursors: [['x1', 1, 1]] })
    vi.advanceTimersByTime(3_000)
    expect(sent.slice(before).map(({ type }) => type)).toEqual(['who', 'sync'])
  })

  test('W15: our own entry among the cursors is ignored; W20: unknown ids are asked for at once', () => {
    const { app, get, of } = setUp()
    const ids = ['me', 'mira', 'x1', 'x2']
    for (let i = 0; i < 5; i += 1) {
      get({ type: 'cursors', cursors: ids.map((id) => [id, i, i] as const) })
      vi.advanceTimersByTime(100)
    }
    expect([...app.cursors.movers.keys()]).toEqual(['mira', 'x1', 'x2'])
    expect(of('who').map((frame) => frame.user_ids)).toEqual([['x1', 'x2']])
    get({ type: 'profiles', users: [user('x1')] })
    expect(app.presence.profile('x1')?.name).toBe('x1')
    get(left(2, 'mira'))
    expect(app.cursors.movers.has('mira')).toBe(false)
  })

  test('W24: a chosen name is kept, and the one chosen in another tab is taken over', () => {
    const { app, get, of, kept } = setUp()
    app.session.choose({ name: '  Jo   of  the lake ' }, user('me'))
    expect(of('profile')).toEqual([{ type: 'profile', name: 'Jo of the lake', color: 'rust' }])
    expect(kept.get('name')).toBe('Jo of the lake')
    get({ type: 'user_updated', epoch: 'e1', seq: 2, user_id: 'me', name: 'Jo', color: 'jade' })
    expect(app.session.store.getState()).toMatchObject({ chosenName: 'Jo', chosenColor: undefined })
  })
})

describe('who a guest is', () => {
  test('W84: without a token the guest key is offered; a tab that gives way takes no token along', () => {
    const { app, kept, world, wroteElsewhere } = setUp([], new Map([['token', '']]))
    kept.set('token', '')
    expect(app.session.token()).toMatch(/^guest-[0-9a-f]{64}$/)
    expect(app.session.token()).toBe(kept.get('guest'))
    kept.set('token', 'of the other guest')
    const theirs = `guest-${'1'.repeat(64)}`
    wroteElsewhere('guest', theirs)
    expect(world.reconnects).toBe(1)
    expect(app.session.token()).toBe(theirs)
  })
})

/*
 * Quiet and safe: muting, what others see of us, changes and goings.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  MUTED_MAX,
  mute,
  readMuted,
  unmute,
  writeMuted,
  type Muted,
} from '../../src/features/people/model/muted'
import { add, isNews, NO_CHANGES } from '../../src/features/people/model/notices'
import type { ServerFrame } from '@asocial/client/core/frames'
import { OTHERS_STRINGS } from '../../src/shared/i18n/en-others'
import { placeOf, spotsFor } from '../../src/features/navigation/store/finding'
import { setUp, user } from '../support/visitor'

beforeEach(() => vi.useFakeTimers({ now: 50_000 }))
afterEach(() => vi.useRealTimers())

describe('the list of the muted', () => {
  test('is stored as it is; of too many the newest', () => {
    let muted: Muted = new Map()
    for (let i = 0; i < MUTED_MAX + 2; i += 1) muted = mute(muted, `u${i}`, `n${i}`)
    expect(muted.size).toBe(MUTED_MAX)
    expect(muted.has('u1')).toBe(false)
    expect(readMuted(writeMuted(muted))).toEqual(muted)
    expect(unmute(muted, 'u9').has('u9')).toBe(false)
  })

  test.each(['', '{', '{}', '[1,["a"],["a",2],null]'])('junk in storage is nobody: %s', (text) => {
    expect(readMuted(text).size).toBe(0)
  })
})

describe('muting', () => {
  const typing: ServerFrame = {
    type: 'typing',
    message_id: 'd1',
    user_id: 'mira',
    payload: 'and',
    position: { x: 0, y: 0 },
  }

  test('removes what is there at once, and lets nothing more in', () => {
    const { app, get, chat, entries, of } = setUp(['mira', 'aiko'])
    get(chat('m1'))
    get(chat('m2', 'aiko'))
    get(typing)
    get({
      type: 'cursors',
      cursors: [
        ['mira', 1, 1],
        ['aiko', 2, 2],
      ],
    })
    app.muted.mute('mira', 'mira')
    const left = () => entries().map(({ messageId }) => messageId)
    expect(left()).toEqual(['m2'])
    expect([...app.cursors.movers.keys()]).toEqual(['aiko'])
    expect(spotsFor(app).map(({ userId }) => userId)).toEqual(['aiko'])

    get(chat('m3'))
    get(typing)
    get({ type: 'cursors', cursors: [['mira', 1, 1]] })
    expect(left()).toEqual(['m2'])
    expect(app.cursors.movers.has('mira')).toBe(false)
    expect(of('who')).toEqual([])
  })

  test('applies after a reload, to a snapshot, and in the other tab', () => {
    const first = setUp()
    first.app.muted.mute('mira', 'mira')
    const { receive, sync, chat, entries, app, wroteElsewhere, get } = setUp(['mira'], first.kept)
    const living = chat('m1')
    if (living.type === 'chat') receive(sync({ messages: [living] }), true)
    expect(entries()).toEqual([])
    get(chat('m2', 'aiko'))
    wroteElsewhere('muted', '[["aiko","Aiko"]]')
    expect(entries()).toEqual([])
    expect(app.muted.has('mira')).toBe(false)
    get(chat('m3'))
    expect(entries()).toHaveLength(1)
  })
})

describe('what others see of us', () => {
  test('somebody who hides their typing sends none; turned off while typing, the draft is withdrawn', () => {
    const { app, of, write, get } = setUp()
    app.settings.set({ showTyping: false })
    write('secret')
    vi.advanceTimersByTime(200)
    get({ type: 'user_joined', epoch: 'e1', seq: 2, ...user('aiko') })
    vi.advanceTimersByTime(1_000)
    app.messages.send({ x: 0, y: 0 })
    app.messages.openCaret({ x: 9, y: 9 })
    app.messages.write('again')
    app.messages.dropDraft()
    expect(of('typing')).toEqual([])
    expect(of('chat')).toHaveLength(1)

    app.settings.set({ showTyping: true })
    write('open')
    app.settings.set({ showTyping: false })
    app.messages.write('opened')
    vi.advanceTimersByTime(200)
    expect(of('typing').map(({ payload }) => payload)).toEqual(['open', ''])
  })

  test('W31: hiding from the map is sent when it changes, and when the server has another value', () => {
    const { app, of, receive, sync } = setUp()
    app.settings.set({ onMap: false })
    expect(of('profile')).toEqual([{ type: 'profile', name: 'me', color: 'rust', on_map: false }])
    // The server has not heard of it: it was away.
    receive(sync(), true)
    expect(of('profile')).toHaveLength(2)
    receive(sync({ users: [{ ...user('me'), on_map: false }, user('mira')] }), true)
    expect(of('profile')).toHaveLength(2)
  })

  test('W31: a member who hides from the map is on the canvas, and has no spot', () => {
    const { app, get, chat, entries } = setUp(['mira', 'aiko'])
    get({ type: 'user_updated', epoch: 'e1', seq: 2, ...user('mira'), on_map: false })
    get({
      type: 'cursors',
      cursors: [
        ['mira', 1, 1],
        ['aiko', 2, 2],
        ['unknown', 3, 3],
      ],
    })
    get(chat('m1'))
    expect(entries()).toHaveLength(1)
    expect(app.cursors.movers.has('mira')).toBe(true)
    expect(spotsFor(app).map(({ userId }) => userId)).toEqual(['aiko'])
    expect(placeOf(app, 'mira')).toBeUndefined()
    // Also when they have left, and in words of somebody whom nobody here ever saw.
    get({ type: 'user_left', epoch: 'e1', seq: 3, user_id: 'mira' })
    vi.advanceTimersByTime(2_000)
    const posted = chat('m2', 'stranger')
    if (posted.type === 'chat') get({ ...posted, on_map: false })
    expect(entries()).toHaveLength(2)
    expect(spotsFor(app).map(({ userId }) => userId)).toEqual(['aiko'])
    get({ type: 'user_updated', epoch: 'e1', seq: 4, ...user('aiko'), on_map: true })
    expect(spotsFor(app)).toHaveLength(1)
  })
})

describe('joins and leaves', () => {
  const joined = (seq: number, id: string): ServerFrame => ({
    type: 'user_joined',
    epoch: 'e1',
    seq,
    ...user(id),
  })
  const left = (seq: number, user_id: string): ServerFrame => ({
    type: 'user_left',
    epoch: 'e1',
    seq,
    user_id,
  })

  test('are gathered, and there is one notice at a time', () => {
    const { app, get } = setUp()
    const told = () => {
      const { notice } = app.presence.store.getState()
      return notice && [[...notice.joined.keys()], [...notice.left.keys()]]
    }
    get(joined(2, 'fox'))
    get(joined(3, 'owl'))
    expect(told()).toBeUndefined()
    vi.advanceTimersByTime(1_200)
    expect(told()).toEqual([['fox', 'owl'], []])
    get(joined(4, 'elk'))
    get(left(5, 'fox'))
    vi.advanceTimersByTime(3_000)
    expect(told()).toEqual([['fox', 'owl'], []])
    vi.advanceTimersByTime(700)
    expect(told()).toEqual([['elk'], ['fox']])
    vi.advanceTimersByTime(3_700)
    expect(told()).toBeUndefined()
  })

  test('somebody who joined and left at once is not announced, nor one who left and joined', () => {
    const { app, get } = setUp()
    get(joined(2, 'fox'))
    vi.advanceTimersByTime(300)
    get(left(3, 'fox'))
    for (let i = 0; i < 50; i += 1) {
      vi.advanceTimersByTime(100)
      expect(app.presence.store.getState().notice).toBeUndefined()
    }
    const went = add(NO_CHANGES, 'left', user('owl'))
    expect(isNews(went)).toBe(true)
    expect(isNews(add(went, 'joined', user('owl')))).toBe(false)
  })

  test('nothing is announced about a muted member, also if they are muted meanwhile', () => {
    const { app, get } = setUp()
    get(joined(2, 'fox'))
    vi.advanceTimersByTime(1_300)
    app.muted.mute('fox', 'fox')
    expect(app.presence.store.getState().notice).toBeUndefined()
    get(left(3, 'fox'))
    vi.advanceTimersByTime(5_000)
    expect(app.presence.store.getState().notice).toBeUndefined()
  })

  test('in words', () => {
    expect(OTHERS_STRINGS.joined(['fox'], 1)).toBe('fox is here')
    expect(OTHERS_STRINGS.joined(['fox', 'owl'], 2)).toBe('fox and owl are here')
    expect(OTHERS_STRINGS.joined([], 4)).toBe('4 people came')
    expect(OTHERS_STRINGS.left(['fox', 'owl'], 2)).toBe('fox and owl left')
    expect(OTHERS_STRINGS.left([], 9)).toBe('9 people left')
  })
})

describe('pending messages and drafts', () => {
  test('are there again after a reload, to be sent or dropped', () => {
    const before = setUp()
    before.world.online = false
    before.write('into the dark')
    before.app.messages.send({ x: 10, y: 48 })
    before.app.messages.write('half a thou')
    const { app, entries, of, kept } = setUp(['mira'], before.kept, before.inTab)
    expect(app.messages.store.getState().draft).toMatchObject({
      text: 'half a thou',
      at: { x: 10, y: 48 },
    })
    expect(entries()).toMatchObject([
      { state: 'late', text: 'into the dark', at: { x: 10, y: 20 } },
    ])
    // Offered, not fired; the draft is told as drafts are.
    expect(of('chat')).toEqual([])
    expect(of('typing').at(-1)?.payload).toBe('half a thou')
    app.messages.sendAgain(entries()[0]?.key ?? '')
    expect(of('chat').map(({ payload }) => payload)).toEqual(['into the dark'])
    expect([...kept.values()].join()).not.toContain('thou')
  })

  test('what was posted or dropped is not offered again', () => {
    const { app, get, write, of, inTab } = setUp()
    write('hello')
    app.messages.send({ x: 0, y: 0 })
    get({ type: 'ack', message_id: of('chat')[0]?.message_id ?? '', timestamp: 1, expires_at: 9e9 })
    app.messages.write('never mind')
    expect([...inTab.values()].join()).toContain('never mind')
    app.messages.dropDraft()
    inTab.delete('color garden')
    expect([...inTab.values()]).toEqual([''])
  })

  test.each(['{', '[]', '{"draft":7,"held":[{"text":"x"}]}', '{"draft":{"text":"x","at":null}}'])(
    'junk in storage is nothing: %s',
    (junk) => {
      const inTab = new Map([['unsaid.garden', junk]])
      const { app, entries } = setUp([], new Map(), inTab)
      expect(app.messages.store.getState().draft).toBeUndefined()
      expect(entries()).toEqual([])
    },
  )
})

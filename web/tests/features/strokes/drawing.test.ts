/*
 * Strokes of one visitor: drawing, the limits' answers, and what the server says of everybody's.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createDrawing } from '../../../src/features/strokes/store/drawing'
import type { ServerFrame } from '@asocial/client/core/frames'
import { AHEAD_MS, setUp } from '../../support/visitor'

beforeEach(() => vi.useFakeTimers({ now: 50_000 }))
afterEach(() => vi.useRealTimers())

const WITH_STROKES = {
  limits: { payload_characters: 500, roster: 200, name_characters: 32, strokes_per_minute: 10 },
}

/** A visitor whose code for strokes is loaded, unless `loaded` is false. */
function draw(loaded = true) {
  const visitor = setUp()
  const { app, get, sync, of } = visitor
  get(sync(WITH_STROKES))
  const load = () => app.strokes.ready(() => createDrawing(app))
  if (loaded) load()
  const press = (type: string, x: number, y: number, buttons = 1) =>
    app.strokes.call((it) => it.press({ type, buttons }, { x, y }))
  const line = (...points: [number, number][]) => {
    points.forEach(([x, y], i) => press(i === 0 ? 'pointerdown' : 'pointermove', x, y))
  }
  const finish = () => press('pointerup', 0, 0, 0)
  const living = () => [...load().store.getState().strokes.entries.values()]
  const last = () => of('stroke').at(-1)
  return { ...visitor, load, press, line, finish, living, last }
}

const now = () => Date.now() + AHEAD_MS

function stroke(id: string, more: object = {}, from = 'mira'): ServerFrame {
  const points = [
    [0, 0],
    [9, 9],
  ] as const
  return { type: 'stroke', message_id: id, user_id: from, points, ...more } as ServerFrame
}

const finished = (id: string, from = 'mira', life = 5_000) =>
  stroke(id, { name: from, color: 'rust', timestamp: now(), expires_at: now() + life }, from)

describe('drawing', () => {
  test('others see it grow, throttled, and then the whole line once', () => {
    const { line, finish, of, last, living } = draw()
    line([0, 0], [10, 0], [20, 0], [20, 20])
    expect(of('stroke')).toHaveLength(1)
    vi.advanceTimersByTime(100)
    expect(last()?.points).toEqual([
      [0, 0],
      [20, 0],
      [20, 20],
    ])
    expect(last()?.done).toBeUndefined()
    finish()
    expect(last()?.done).toBe(true)
    expect(living().map(({ state, mine }) => [state, mine])).toEqual([['pending', true]])
    expect(of('stroke')).toHaveLength(3)
  })

  test('a press that does not move is no stroke', () => {
    const { line, finish, of, living } = draw()
    line([5, 5])
    finish()
    expect([of('stroke'), living()]).toEqual([[], []])
  })

  test('what was drawn before the code was there is not lost', () => {
    const { line, finish, load, last, app } = draw(false)
    line([0, 0], [30, 0], [30, 30])
    finish()
    expect(app.strokes.store.getState().wanted).toBe(true)
    expect(last()).toBeUndefined()
    load()
    expect(last()?.points).toEqual([
      [0, 0],
      [30, 0],
      [30, 30],
    ])
    expect(last()?.done).toBe(true)
  })

  test('given up, it is gone for others too; what nobody saw needs no frame', () => {
    const { line, load, last, living, of } = draw()
    line([0, 0], [10, 10])
    load().cancel()
    expect(last()?.points).toEqual([])
    expect(living()).toEqual([])
    const before = of('stroke').length
    load().cancel()
    expect(of('stroke')).toHaveLength(before)
  })

  test('a second finger gives it up', () => {
    const { line, press, finish, last, living } = draw()
    line([0, 0], [10, 10])
    press('pointerdown', 50, 50)
    finish()
    expect(last()?.points).toEqual([])
    expect(living()).toEqual([])
  })

  test('somebody who hides their typing shows only what is finished', () => {
    const { app, line, finish, of } = draw()
    app.settings.set({ showTyping: false })
    line([0, 0], [10, 10])
    vi.advanceTimersByTime(500)
    expect(of('stroke')).toEqual([])
    finish()
    expect(of('stroke')).toHaveLength(1)
  })

  test('a reader draws nothing and reads why', () => {
    const { get, line, finish, of, load } = draw()
    get({ type: 'channel_updated', owner: 'mira', slow_ms: 0, read_only: true, private: false })
    line([0, 0], [10, 10])
    finish()
    expect(of('stroke')).toEqual([])
    expect(load().store.getState().note?.error.code).toBe('read_only')
    vi.advanceTimersByTime(5_000)
    expect(load().store.getState().note).toBeUndefined()
  })

  test('W114: nothing is sent to a server that knows no strokes', () => {
    const { get, sync, line, finish, of, living } = draw()
    get(sync())
    line([0, 0], [10, 10])
    finish()
    expect([of('stroke'), living()]).toEqual([[], []])
  })

  test('an arrow is one finished stroke', () => {
    const { app, last, of } = draw()
    const box = { left: 100, top: 100, right: 200, bottom: 130 }
    app.strokes.call((it) => it.pointAt(box, [1, 0]))
    expect(of('stroke')).toHaveLength(1)
    expect(last()?.points).toHaveLength(5)
  })
})

describe('answers', () => {
  test('W112: acknowledged, it lives as long as the server says', () => {
    const { line, finish, last, living, get } = draw()
    line([0, 0], [10, 10])
    finish()
    const id = last()?.message_id ?? ''
    get({ type: 'ack', message_id: id, timestamp: now(), expires_at: now() + 2_000 })
    expect(living()[0]).toMatchObject({ state: 'sent', expiresAt: now() + 2_000 })
    vi.advanceTimersByTime(2_000)
    expect(living()).toEqual([])
  })

  test('W10: not acknowledged, it is sent again after a reconnect', () => {
    const { line, finish, last, of, receive, sync, world } = draw()
    world.online = false
    line([0, 0], [10, 10])
    finish()
    expect(of('stroke')).toEqual([])
    world.online = true
    receive(sync(WITH_STROKES), true)
    expect(last()?.done).toBe(true)
    receive(sync(WITH_STROKES), true)
    expect(of('stroke').map(({ message_id }) => message_id)).toEqual(
      Array<unknown>(2).fill(last()?.message_id),
    )
  })

  test('refused, it disappears, and a note says why', () => {
    const { line, finish, last, living, get, load } = draw()
    line([0, 0], [10, 10])
    const id = last()?.message_id ?? ''
    get({
      ...{ type: 'error', code: 'rate_limited', message: 'no', limit: 'strokes' },
      ...{ retry_after: 9, message_id: id },
    })
    expect(living()).toEqual([])
    expect(load().store.getState().note?.error).toMatchObject({ limit: 'strokes' })
    finish()
    expect(last()?.done, 'it is not sent either').toBeUndefined()
  })
})

describe('strokes of others', () => {
  test('grow, are finished, and end', () => {
    const { get, living } = draw()
    get(stroke('s1', { points: [[0, 0]] }))
    get(stroke('s1'))
    expect(living()).toMatchObject([{ state: 'draft', userId: 'mira', points: [{}, {}] }])
    get(finished('s1'))
    expect(living()).toMatchObject([{ state: 'sent' }])
    get(stroke('s1'))
    expect(living(), 'a late state changes nothing').toMatchObject([{ state: 'sent' }])
    vi.advanceTimersByTime(5_000)
    expect(living()).toEqual([])
    get(stroke('s1'))
    expect(living()).toEqual([])
  })

  test('abandoned, resting too long or of somebody who left, they go', () => {
    const { get, living } = draw()
    get(stroke('s1'))
    get(stroke('s1', { points: [] }))
    get(stroke('s1'))
    expect(living()).toEqual([])
    get(stroke('s2'))
    vi.advanceTimersByTime(10_000)
    expect(living()).toEqual([])
    get(stroke('s3'))
    get(finished('s4'))
    get({ type: 'user_left', user_id: 'mira', epoch: 'e1', seq: 2 })
    expect(living().map(({ messageId }) => messageId)).toEqual(['s4'])
  })

  test('a snapshot has those that live; the code is loaded for them', () => {
    const { app, load, living, get, sync } = draw(false)
    get(sync())
    expect(app.strokes.store.getState().wanted).toBe(false)
    const strokes = [finished('s1'), finished('s2', 'mira', 0)] as never
    get(sync({ ...WITH_STROKES, strokes }))
    expect(app.strokes.store.getState().wanted).toBe(true)
    load()
    expect(living().map(({ messageId }) => messageId)).toEqual(['s1'])
  })

  test('of the muted there are none, now and later', () => {
    const { app, get, sync, living } = draw()
    get(finished('s1'))
    get(finished('s2', 'aiko'))
    app.muted.mute('mira', 'mira')
    get(finished('s3'))
    get(sync({ ...WITH_STROKES, strokes: [finished('s4')] as never }))
    expect(living().map(({ messageId }) => messageId)).toEqual(['s2'])
  })

  test('W65: a clear removes them and those that come late', () => {
    const { get, living } = draw()
    const late = finished('s3')
    get(finished('s1'))
    get(stroke('s2'))
    get({ type: 'cleared', by: 'mira', timestamp: now() })
    get(late)
    expect(living()).toEqual([])
    vi.advanceTimersByTime(1)
    get(finished('s4'))
    expect(living()).toHaveLength(1)
  })

  test("W85: the server's clock was set, and they keep the time they have left", () => {
    const { get, living } = draw()
    get(finished('s1'))
    get({ type: 'clock', timestamp: now() + 60_000, shift: 60_000 })
    vi.advanceTimersByTime(4_999)
    expect(living()).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(living()).toEqual([])
  })

  test.each(
    [
      undefined,
      null,
      'no',
      [],
      [[0, 0]],
      [
        [0, 'x'],
        [1, 1],
      ],
    ].map((points) => ({ points })),
  )('points that are none are ignored: %j', ({ points }) => {
    const { get, living } = draw()
    get(stroke('s1', { points, timestamp: now(), expires_at: now() + 5_000 }))
    expect(living()).toEqual([])
  })
})

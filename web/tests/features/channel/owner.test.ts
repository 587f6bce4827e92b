/*
 * What the owner of a channel decides, as a visitor's page takes it (W63 to W65).
 */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readFrame, type ServerFrame } from '@asocial/client/core/frames'
import { setUp } from '../../support/visitor'

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

const rules = { owner: '', slow_ms: 0, read_only: false, private: false }
const updated = (more: Partial<typeof rules> & { by?: string }): ServerFrame => ({
  type: 'channel_updated',
  ...rules,
  ...more,
})

describe('the rules of a channel', () => {
  it('are none until told, and those of the newest snapshot or event', () => {
    const { app, get, receive, sync } = setUp()
    const told = () => app.session.store.getState().rules
    expect(told()).toMatchObject({ owner: '', rights: 'write', yours: false })
    get(updated({ slow_ms: 5000 }))
    expect(told().slow_ms).toBe(5000)
    receive(sync({ rules: { ...rules, read_only: true, rights: 'read', yours: false } }), true)
    expect(told()).toMatchObject({ slow_ms: 0, read_only: true, rights: 'read' })
    get(updated({ private: true }))
    expect(told()).toMatchObject({ private: true, read_only: false, rights: 'read' })
    receive(sync(), true)
    expect(told()).toMatchObject({ private: false, rights: 'write' })
  })

  it('make it ours when we are the owner, and only then', () => {
    const { app, get } = setUp()
    const yours = () => app.session.store.getState().rules.yours
    get(updated({ owner: 'mira' }))
    expect(yours()).toBe(false)
    get(updated({ owner: 'me' }))
    expect(yours()).toBe(true)
    get(updated({ owner: 'me', slow_ms: 1 }))
    expect(yours()).toBe(true)
  })

  it('are not believed when they are no frame', () => {
    expect(readFrame('{"type":"channel_updated","owner":7,"slow_ms":1}')).toBeUndefined()
    expect(readFrame('{"type":"channel_updated","owner":""}')).toBeUndefined()
    expect(readFrame('{"type":"cleared","by":"a","timestamp":"now"}')).toBeUndefined()
  })
})

describe('a wiped window', () => {
  const wipe = (timestamp: number): ServerFrame => ({ type: 'cleared', by: 'mira', timestamp })
  const typing = (id: string): ServerFrame => ({
    type: 'typing',
    message_id: id,
    user_id: 'mira',
    payload: 'so far',
    position: { x: 0, y: 0 },
  })
  const texts = (world: ReturnType<typeof setUp>) => world.entries().map((entry) => entry.text)
  const at = (frame: ServerFrame) => (frame as Extract<ServerFrame, { type: 'chat' }>).timestamp

  it('removes messages posted until then and the drafts of others, not what is posted later', () => {
    const world = setUp()
    const old = world.chat('old')
    world.get(old)
    world.get(typing('draft'))
    vi.advanceTimersByTime(10)
    const young = { ...world.chat('young'), payload: 'young' } as ServerFrame
    world.get(young)
    world.get(wipe(at(old)))
    expect(texts(world)).toEqual(['young'])
    world.get(wipe(at(young)))
    expect(texts(world)).toEqual([])
  })

  it('does not get back what was under way when it was wiped', () => {
    const world = setUp()
    const late = world.chat('late')
    vi.advanceTimersByTime(10)
    world.get(wipe(at(late) + 5))
    world.get(late)
    expect(texts(world)).toEqual([])
    world.receive(world.sync({ messages: [late] } as never), true)
    expect(texts(world)).toEqual([])
  })

  it('keeps what we have in hand: the draft, and what has no answer yet', () => {
    const world = setUp()
    world.write('mine, on its way')
    world.app.messages.send({ x: 0, y: 40 })
    world.app.messages.write('mine, in hand')
    vi.advanceTimersByTime(10)
    world.get(wipe(at(world.chat('now'))))
    expect(texts(world)).toEqual(['mine, on its way'])
    expect(world.app.messages.store.getState().draft?.text).toBe('mine, in hand')
  })

  it('is told by the name of who wiped it', () => {
    const world = setUp()
    world.get(wipe(1))
    const { clearedBy } = world.app.presence.store.getState()
    expect(clearedBy).toMatchObject({ user_id: 'mira' })
  })
})

describe('who vouches for us', () => {
  it('takes the place of the guest, until nobody does', () => {
    const { app } = setUp()
    expect(app.session.token()).toBe('t1')
    app.session.setProviderToken('theirs')
    expect([app.session.token(), app.session.hasProviderToken()]).toEqual(['theirs', true])
    app.session.setProviderToken(undefined)
    expect([app.session.token(), app.session.hasProviderToken()]).toEqual(['t1', false])
  })

  it('leaves nothing behind when we ask to be forgotten', () => {
    const { app, kept } = setUp()
    app.session.choose({ name: 'Ann', color: 'plum' }, { name: 'x', color: 'rust' })
    expect(kept.get('name')).toBe('Ann')
    app.session.forget()
    expect([...kept.values()].filter(Boolean)).toEqual([])
  })
})

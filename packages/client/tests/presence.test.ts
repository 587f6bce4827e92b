import { describe, expect, test } from 'vitest'
import { NOBODY, onPresence, onSync, type Presence } from '../src/core/presence.ts'
import {
  DEFAULT_LIMITS,
  DEFAULT_TTL,
  type PresenceFrame,
  type User,
  type UserSync,
} from '../src/core/frames.ts'

const user = (id: string): User => ({ user_id: id, name: id, color: 'rust', joined_at: 1 })
const sync = (seq: number, ids: string[], more: Partial<UserSync> = {}): UserSync => ({
  type: 'user_sync',
  channel_id: 'garden',
  user_id: 'me',
  users: ids.map(user),
  user_count: ids.length,
  messages: [],
  timestamp: 0,
  ttl: DEFAULT_TTL,
  limits: DEFAULT_LIMITS,
  epoch: 'e1',
  seq,
  ...more,
})
const joined = (seq: number, id: string, epoch = 'e1'): PresenceFrame => ({
  type: 'user_joined',
  epoch,
  seq,
  ...user(id),
})
const left = (seq: number, id: string): PresenceFrame => ({
  type: 'user_left',
  epoch: 'e1',
  seq,
  user_id: id,
})
const start = (seq: number, ...ids: string[]) => onSync(NOBODY, sync(seq, ids), true).presence
const ids = (presence: Presence) => [...presence.users.keys()]

describe('presence', () => {
  test('W17: joins and leaves in order', () => {
    const one = onPresence(start(4, 'me'), joined(5, 'mira'))
    expect(one.joined?.user_id).toBe('mira')
    expect(one.presence.count).toBe(2)
    const two = onPresence(one.presence, left(6, 'mira'))
    expect(two.left?.user_id).toBe('mira')
    expect(ids(two.presence)).toEqual(['me'])
    expect(two.presence.count).toBe(1)
  })

  test('W19: an event we already have is dropped', () => {
    const before = start(4, 'me', 'mira')
    for (const frame of [left(4, 'mira'), left(2, 'mira')]) {
      const step = onPresence(before, frame)
      expect(step.presence).toBe(before)
      expect(step.sync).toBe(false)
    }
  })

  test('W19: a gap asks for sync once, and applies nothing until it came', () => {
    const gap = onPresence(start(4, 'me'), joined(6, 'mira'))
    expect(gap.sync).toBe(true)
    expect(gap.joined).toBeUndefined()
    const more = onPresence(gap.presence, joined(7, 'aiko'))
    expect(more.sync).toBe(false)
    expect(ids(more.presence)).toEqual(['me'])
    const healed = onSync(more.presence, sync(7, ['me', 'mira', 'aiko']), false)
    expect(healed.sync).toBe(false)
    expect(ids(healed.presence)).toEqual(['me', 'mira', 'aiko'])
    expect(onPresence(healed.presence, joined(8, 'sela')).joined?.user_id).toBe('sela')
  })

  test('W19: a snapshot older than what we heard of is asked for again', () => {
    const gap = onPresence(start(4, 'me'), joined(9, 'mira')).presence
    const old = onSync(gap, sync(8, ['me']), false)
    expect(old.sync).toBe(true)
    expect(onSync(old.presence, sync(9, ['me', 'mira']), false).sync).toBe(false)
  })

  test('W19: another epoch asks for sync, and then counts anew', () => {
    const other = onPresence(start(40, 'me'), joined(2, 'mira', 'e2'))
    expect(other.sync).toBe(true)
    const healed = onSync(other.presence, sync(2, ['me', 'mira'], { epoch: 'e2' }), false)
    expect(healed.presence.seq).toBe(2)
    expect(onPresence(healed.presence, joined(3, 'aiko', 'e2')).joined).toBeDefined()
  })

  test('W19: the first sync of a connection is believed even if its count is lower', () => {
    expect(onSync(start(40, 'me', 'mira'), sync(3, ['me']), true).presence.seq).toBe(3)
  })

  test('W17: a second join of someone present is not a second person', () => {
    const step = onPresence(start(4, 'me', 'mira'), joined(5, 'mira'))
    expect(step.joined).toBeUndefined()
    expect(step.presence.count).toBe(2)
  })

  test('W24: a changed profile', () => {
    const step = onPresence(start(4, 'me', 'mira'), {
      type: 'user_updated',
      epoch: 'e1',
      seq: 5,
      user_id: 'mira',
      name: 'Mira B',
      color: 'jade',
    })
    expect(step.presence.users.get('mira')).toMatchObject({ name: 'Mira B', color: 'jade' })
  })

  test('W20: user_count never makes a gap, and asks for the list when it fits again', () => {
    const small = { ...DEFAULT_LIMITS, roster: 2 }
    const crowd = onSync(
      NOBODY,
      sync(4, ['me', 'mira'], { user_count: 900, limits: small }),
      true,
    ).presence
    const count = (seq: number, n: number): PresenceFrame => ({
      type: 'user_count',
      epoch: 'e1',
      seq,
      count: n,
    })
    const many = onPresence(crowd, count(70, 850))
    expect(many).toMatchObject({ sync: false, presence: { count: 850, seq: 70 } })
    expect(onPresence(many.presence, count(90, 3)).sync).toBe(false)
    // As many as there are names here, and perhaps not these.
    expect(onPresence(many.presence, count(90, 2)).sync).toBe(true)
    expect(onPresence(many.presence, count(90, 1)).sync).toBe(true)
  })

  test('fuzz: whatever is lost or doubled, the roster ends as the server has it', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      let state = seed * 2_654_435_761
      const chance = () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32
      const truth = new Set(['me'])
      let seq = 1
      let client = start(1, 'me')
      const ask = () => (client = onSync(client, sync(seq, [...truth]), false).presence)
      for (let i = 0; i < 200; i += 1) {
        const id = `u${Math.floor(chance() * 8)}`
        seq += 1
        const frame = truth.delete(id) ? left(seq, id) : (truth.add(id), joined(seq, id))
        const luck = chance()
        if (luck < 0.1) continue
        for (let n = luck > 0.9 ? 2 : 1; n > 0; n -= 1) {
          const step = onPresence(client, frame)
          client = step.presence
          if (step.sync) ask()
        }
      }
      seq += 1
      truth.add('last')
      const step = onPresence(client, joined(seq, 'last'))
      client = step.presence
      if (step.sync) ask()
      expect(new Set(client.users.keys()), `seed ${seed}`).toEqual(truth)
      expect(client.count).toBe(truth.size)
    }
  })
})

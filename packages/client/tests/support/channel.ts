/*
 * A channel against a hand-written server end. Time is Vitest's fake one.
 */
import { afterEach, beforeEach, vi } from 'vitest'
import { type AnyEvent, connect, type ConnectOptions } from '../../src/index.ts'
import { FakeSocket } from './socket.ts'

export const BASE = { type: 'user_sync', channel_id: 'garden', user_id: 'me', user_count: 2 }
export const person = (user_id: string) => ({ user_id, name: user_id, color: 'rust', joined_at: 1 })
export const TTL = { base: 5_000, per_character: 50, free_characters: 60, max: 12_000 }

beforeEach(() => void vi.stubGlobal('document', undefined))
afterEach(() => vi.unstubAllGlobals())

export function setUp(options: ConnectOptions = {}) {
  const channel = connect('https://talk.example', 'garden', { token: 't', ...options })
  const events: AnyEvent[] = []
  const read = (async () => {
    for await (const event of channel) events.push(event)
  })()
  read.catch(() => undefined)
  const socket = () => {
    const last = FakeSocket.all.at(-1)
    if (!last) throw new Error('no socket')
    return last
  }
  const live = (more: object = {}) => {
    socket().readyState = 1
    socket().receive({
      ...{ ...BASE, users: ['me', 'mira'].map(person), messages: [], timestamp: 0 },
      ...{ ttl: TTL, limits: { roster: 200 }, epoch: 'e', seq: 1, ...more },
    })
  }
  const sent = (type: string) => socket().sent.filter((frame) => frame.type === type)
  /** lets promises and the iteration go on */
  const settle = () => vi.advanceTimersByTimeAsync(0)
  const types = () => events.map(({ type }) => type)
  return { channel, events, read, socket, live, sent, settle, types }
}

export const chat = (message_id: string, timestamp: number) => ({
  ...{ type: 'chat', message_id, ...person('mira'), payload: 'hi', position: { x: 1, y: 2 } },
  ...{ timestamp, expires_at: timestamp + 5_000 },
})

export const stroke = (message_id: string, timestamp: number) => ({
  ...{ type: 'stroke', message_id, ...person('mira') },
  ...{ points: [[0, 0], [3, 4]], timestamp, expires_at: timestamp + 5_000 },
}) // prettier-ignore

/*
 * One visitor's stores, against a hand-written server end. Time is Vitest's fake one.
 */
import { createReceiver } from '../../src/stores/receive'
import { createApp } from '../../src/stores/app'
import type { KeyStorage } from '../../src/shared/store/deps'
import type { ClientFrame, ServerFrame, User, UserSync } from '@asocial/client/core/frames'

/** how far the server's clock is ahead */
export const AHEAD_MS = 1_000_000

export const user = (id: string): User => ({ user_id: id, name: id, color: 'rust', joined_at: 1 })

export function setUp(
  others: string[] = ['mira'],
  kept = new Map<string, string>(),
  inTab = new Map<string, string>(),
  inEntry = new Map<string, string>(),
) {
  const sent: ClientFrame[] = []
  const watched = new Map<string, (value: string | undefined) => void>()
  const storage: KeyStorage = {
    read: (key) => kept.get(key),
    write: (key, value) => kept.set(key, value),
    watch: (key, changed) => watched.set(key, changed),
  }
  /** another tab wrote it */
  const wroteElsewhere = (key: string, value: string) => {
    kept.set(key, value)
    watched.get(key)?.(value)
  }
  const world = { online: true, hidden: false, seq: 1, reconnects: 0 }
  const app = createApp(
    'garden',
    {
      send: (frame) => world.online && sent.push(frame) > 0,
      connectNow: () => undefined,
      reconnect: () => void (world.reconnects += 1),
      storage,
      tab: { read: (key) => inTab.get(key), write: (key, value) => inTab.set(key, value) },
      entry: { read: (key) => inEntry.get(key), write: (key, value) => inEntry.set(key, value) },
      now: () => Date.now(),
      isHidden: () => world.hidden,
    },
    () => true,
  )
  const receive = createReceiver(app)
  const sync = (more: Partial<UserSync> = {}): UserSync => ({
    type: 'user_sync',
    channel_id: 'garden',
    user_id: 'me',
    token: 't1',
    users: ['me', ...others].map(user),
    user_count: others.length + 1,
    messages: [],
    timestamp: Date.now() + AHEAD_MS,
    ttl: { base: 5_000, per_character: 50, free_characters: 60, max: 12_000 },
    limits: { payload_characters: 500, roster: 200, name_characters: 32 },
    epoch: 'e1',
    seq: world.seq,
    ...more,
  })
  receive(sync(), true)
  const get = (frame: ServerFrame) => receive(frame, false)
  const write = (text: string) => {
    app.messages.openCaret({ x: 10, y: 20 })
    app.messages.write(text)
  }
  const of = <T extends ClientFrame['type']>(type: T) =>
    sent.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type)
  const entries = () => [...app.messages.store.getState().messages.entries.values()]
  const chat = (id: string, from = 'mira'): ServerFrame => ({
    type: 'chat',
    message_id: id,
    user_id: from,
    name: from,
    color: 'rust',
    payload: 'hi',
    position: { x: 0, y: 0 },
    timestamp: Date.now() + AHEAD_MS,
    expires_at: Date.now() + AHEAD_MS + 5_000,
  })
  return {
    app,
    sent,
    kept,
    inTab,
    wroteElsewhere,
    world,
    receive,
    sync,
    get,
    write,
    of,
    entries,
    chat,
  }
}

/*
 * A hand-written socket and the few parts of a browser that the connection uses. Time is Vitest's fake one.
 */
import { afterEach, beforeEach, vi } from 'vitest'
import { isOffline, watchPage } from '../../src/core/page.ts'
import { createConnection } from '../../src/core/connection.ts'
import type { Link } from '../../src/core/link.ts'
import type { Refusal } from '../../src/core/refusal.ts'

export class FakeSocket {
  static readonly OPEN = 1
  static all: FakeSocket[] = []
  readyState = 0
  sent: { type: string; t?: number }[] = []
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    FakeSocket.all.push(this)
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as { type: string })
  }
  close() {
    this.readyState = 3
  }
  receive(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  sync() {
    this.readyState = 1
    this.receive({
      ...{ type: 'user_sync', channel_id: 'c', user_id: 'me', users: [], user_count: 1 },
      ...{ messages: [], timestamp: 0, limits: {}, epoch: 'e', seq: 1 },
      ttl: { base: 1, per_character: 1, free_characters: 1, max: 1 },
    })
  }
  end(code: number, reason = '') {
    this.readyState = 3
    this.onclose?.({ code, reason })
  }
}

export const onWindow = new Map<string, (event: object) => void>()
export const onDocument = new Map<string, (event?: object) => void>()
const browser = { visibilityState: 'visible', onLine: true }

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  vi.spyOn(Math, 'random').mockReturnValue(0.999999)
  FakeSocket.all = []
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('navigator', browser)
  vi.stubGlobal('addEventListener', (name: string, run: () => void) => onWindow.set(name, run))
  vi.stubGlobal('document', {
    get visibilityState() {
      return browser.visibilityState
    },
    addEventListener: (name: string, run: () => void) => onDocument.set(name, run),
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

export function setUp() {
  const links: Link[] = []
  const frames: [string, boolean][] = []
  const unopened = vi.fn((): Promise<Refusal | undefined> => Promise.resolve(undefined))
  const turnedAway = vi.fn()
  const connection = createConnection({
    address: () => 'ws://here/api/chat?channel=c',
    token: () => 'tok',
    now: () => Date.now(),
    isOffline,
    onFrame: (frame, fresh) => frames.push([frame.type, fresh]),
    onLink: (link) => links.push(link),
    onLost(code, wasLive) {
      if (!wasLive && code !== 1006) turnedAway(code)
    },
    why: unopened,
  })
  watchPage(connection)
  connection.start()
  const last = () => {
    const socket = FakeSocket.all.at(-1)
    if (!socket) throw new Error('no socket')
    return socket
  }
  return { connection, unopened, turnedAway, links, frames, last, link: () => links.at(-1)?.kind }
}

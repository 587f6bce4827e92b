/*
 * One connection to the server, and the next one when it breaks.
 *
 * connecting -> live -> (lost) waiting -> connecting ..., or final after a final close code (W28). Waiting ends early when
 * `look` says that the network may be back, unless the server named a time. We send ping frames: for the clock (W21), and to
 * notice a dead connection, because browsers hide WebSocket pings from pages. This file knows no page: page.ts does.
 */
import { backoffMs, readClose, STABLE_MS } from './backoff.ts'
import { readFrame, SUBPROTOCOL, type ClientFrame, type ServerFrame } from './frames.ts'
import type { Link } from './link.ts'
import type { Refusal } from './refusal.ts'

/** The first pings of a connection, ms after its opening: several, for a good estimate of the clock. */
const FIRST_PINGS_MS = [0, 150, 400, 900, 2_000]
const PING_EVERY_MS = 15_000
/** how often we check whether the machine slept, and how far its clock must have jumped */
const TICK_MS = 3_000
const SLEPT_MS = 5_000
/** without any frame for this long after a ping, the connection is dead */
const SILENCE_MS = 4_000
/** an upgrade that gets no answer */
const OPEN_WITHIN_MS = 8_000
/** a connection that was interrupted is restored after this time */
const STILL_HERE_MS = 1_000
const OPEN = 1

/** The part of a WebSocket that is used: a browser's, Node's, or one of the package `ws`. */
export interface Socket {
  readonly readyState: number
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null
  onerror: ((event: never) => void) | null
  send(data: string): void
  close(code?: number): void
}

type Timer = ReturnType<typeof setTimeout>

export type SocketConstructor = new (address: string, protocols: string[]) => Socket

export interface ConnectionOptions {
  address(): string
  token(): string | undefined
  /** monotonic ms, for differences only */
  now(): number
  /** absent: the global one */
  readonly WebSocket?: SocketConstructor | undefined
  isOffline(): boolean
  onFrame(frame: ServerFrame, fresh: boolean): void
  onLink(link: Link): void
  /** `wasLive`: after the first frame. */
  onLost(code: number, wasLive: boolean, reason: string): void
  /** Why an upgrade failed, which browsers hide (W87). If it lasts, the connection is given up. */
  why(): Promise<Refusal | undefined>
}

export type Connection = ReturnType<typeof createConnection>

export function createConnection(options: ConnectionOptions) {
  const { address, token, now, isOffline, onFrame, onLink, onLost, why } = options
  let socket: Socket | undefined
  let attempt = 0
  /** of this connection, or of the wait for the next one */
  let timers: Timer[] = []
  let watchdog: Timer | undefined
  let heardAt = 0
  let begunAt = 0
  let isSynced = false
  /** local ms before which the server does not accept us again */
  let notBefore = 0
  let isFinal = false
  /** it is to be replaced as soon as it is live */
  let isOutdated = false

  const isOpen = () => socket?.readyState === OPEN
  const broke = () => lost(1006, '')

  function send(frame: ClientFrame): boolean {
    if (!isSynced || !isOpen()) return false
    socket?.send(JSON.stringify(frame))
    return true
  }

  /** Checks the socket, after something that may have ended it unnoticed. An upgrade older than `oldMs` is restarted. */
  function look(oldMs = Infinity) {
    if (isSynced) return isOpen() ? ping() : broke()
    if (isFinal || now() < notBefore || (socket && now() - begunAt < oldMs)) return
    attempt = 0
    connect()
  }

  /** Connects at once, also after the end: the user asked for it. */
  function start() {
    if (isSynced) return
    isFinal = false
    notBefore = 0
    connect()
  }

  function connect() {
    drop()
    isOutdated = false
    onLink({ kind: 'connecting' })
    // Closed by who was told.
    if (isFinal) return
    const key = token()
    let opened: Socket
    try {
      const Constructor = options.WebSocket ?? (globalThis.WebSocket as SocketConstructor)
      opened = new Constructor(address(), [SUBPROTOCOL, ...(key ? [key] : [])])
    } catch {
      // Forbidden by the browser or an extension.
      return broke()
    }
    socket = opened
    begunAt = now()
    watchdog = setTimeout(broke, OPEN_WITHIN_MS)
    // `close` follows. Without a listener the package `ws` would end the program.
    opened.onerror = () => undefined
    opened.onmessage = ({ data }) => {
      if (opened === socket) heard(data)
    }
    opened.onclose = ({ code, reason }) => {
      // Deno says 0 where nothing answers.
      if (opened === socket) lost(code || 1006, reason)
    }
  }

  function heard(data: unknown) {
    heardAt = now()
    const frame = readFrame(data)
    if (!frame) return
    const fresh = !isSynced
    if (fresh) {
      // W3: the first frame is user_sync.
      if (frame.type !== 'user_sync') return
      isSynced = true
      if (isOutdated) return connect()
      clearTimeout(watchdog)
      keepAlive()
      onLink({ kind: 'live' })
    }
    if (isSynced) onFrame(frame, fresh)
  }

  function keepAlive() {
    let tickedAt = Date.now()
    let pingedAt = tickedAt
    const tick = () => {
      const at = Date.now()
      const slept = Math.abs(at - tickedAt) > TICK_MS + SLEPT_MS
      tickedAt = at
      if (!slept && at - pingedAt < PING_EVERY_MS) return
      pingedAt = at
      look()
    }
    timers = FIRST_PINGS_MS.map((ms) => setTimeout(ping, ms))
    timers.push(
      setTimeout(() => (attempt = 0), STABLE_MS),
      setInterval(tick, TICK_MS),
    )
  }

  function ping() {
    const sentAt = now()
    if (!send({ type: 'ping', t: Math.round(sentAt) })) return
    clearTimeout(watchdog)
    watchdog = setTimeout(() => {
      if (heardAt < sentAt) broke()
    }, SILENCE_MS)
  }

  /** Closes the socket and ignores its further events. */
  function drop(code?: number) {
    for (const timer of [watchdog, ...timers]) clearTimeout(timer)
    timers = []
    const dropped = socket
    socket = undefined
    isSynced = false
    dropped?.close(code)
  }

  function lost(code: number, rawReason: string) {
    const { reconnect, retryMs, reason } = readClose(code, rawReason)
    const wasLive = isSynced
    drop()
    onLost(code, wasLive, reason)
    if (!wasLive && code === 1006) why().then(giveUp, () => undefined)
    if (!reconnect) return end(code, reason)
    notBefore = now() + retryMs
    wait(backoffMs(attempt++, Math.random(), retryMs))
  }

  /** Ends the attempts if they are useless. */
  function giveUp(refusal: Refusal | undefined) {
    if (isSynced || !refusal?.lasting) return
    drop()
    end(refusal.code, refusal.message)
  }

  function wait(ms: number) {
    if (isFinal) return
    // Before the others are told, who may close this.
    timers = [setTimeout(connect, ms)]
    onLink({ kind: isOffline() ? 'offline' : 'waiting', until: now() + ms })
  }

  function end(code: number | string, reason: string) {
    isFinal = true
    onLink({ kind: 'final', code, reason })
  }

  return {
    start,
    send,
    look,
    ping,

    /** Gives the socket up for now. If nothing else happens, the connection is restored soon. */
    interrupt() {
      drop()
      wait(Math.max(STILL_HERE_MS, notBefore - now()))
    },

    /** Leaves for good: others see it at once. */
    close() {
      drop(1000)
      end(1000, '')
    },

    /** Connects again, because our identity has changed. */
    reconnect() {
      if (isSynced) connect()
      // An upgrade that is dropped half-way would leave a member behind for a while.
      else isOutdated = true
    },
  }
}

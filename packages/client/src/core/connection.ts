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
  /** `wasLive`: after the first frame. Before it, 1006 is an upgrade that failed, maybe refused: browsers hide that. */
  onLost(code: number, wasLive: boolean, reason: string): void
}

export class Connection {
  #socket: Socket | undefined
  #attempt = 0
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #liveTimers: ReturnType<typeof setTimeout>[] = []
  #tickTimer: ReturnType<typeof setInterval> | undefined
  #watchdog: ReturnType<typeof setTimeout> | undefined
  #heardAt = 0
  #begunAt = 0
  #synced = false
  /** local ms before which the server does not accept us again */
  #notBefore = 0
  #final = false
  /** it is to be replaced as soon as it is live */
  #outdated = false

  #options: ConnectionOptions

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  start() {
    this.#connect()
  }

  /** Checks the socket, after something that may have ended it unnoticed. An upgrade older than `oldMs` is restarted. */
  look(oldMs = Infinity) {
    if (!this.#synced) this.#hurry(oldMs)
    else if (this.#isOpen()) this.ping()
    else this.#lost(1006, '')
  }

  /** Gives the socket up for now. If nothing else happens, the connection is restored soon. */
  interrupt() {
    this.#drop()
    if (!this.#final) this.#wait(Math.max(STILL_HERE_MS, this.#notBefore - this.#options.now()))
  }

  /** Leaves for good: others see it at once. */
  close() {
    this.#drop(1000)
    this.#end(1000, '')
  }

  /** Connects at once, because the user asked for it. */
  readonly connectNow = () => {
    if (this.#synced) return
    this.#final = false
    this.#notBefore = 0
    this.#connect()
  }

  /** Connects again, because our identity has changed. */
  readonly reconnect = () => {
    if (this.#synced) this.#connect()
    // An upgrade that is dropped half-way would leave a member behind for a while.
    else this.#outdated = true
  }

  readonly send = (frame: ClientFrame): boolean => {
    if (!this.#synced || !this.#isOpen()) return false
    this.#socket?.send(JSON.stringify(frame))
    return true
  }

  #isOpen(): boolean {
    return this.#socket?.readyState === OPEN
  }

  #hurry(oldMs: number) {
    const now = this.#options.now()
    const young = this.#socket !== undefined && now - this.#begunAt < oldMs
    if (this.#final || young || now < this.#notBefore) return
    this.#attempt = 0
    this.#connect()
  }

  #connect() {
    this.#drop()
    this.#outdated = false
    this.#options.onLink({ kind: 'connecting' })
    const token = this.#options.token()
    let socket: Socket
    try {
      const Constructor = this.#options.WebSocket ?? (globalThis.WebSocket as SocketConstructor)
      socket = new Constructor(this.#options.address(), [SUBPROTOCOL, ...(token ? [token] : [])])
    } catch {
      // Forbidden by the browser or an extension.
      return this.#lost(1006, '')
    }
    this.#socket = socket
    this.#begunAt = this.#options.now()
    this.#watchdog = setTimeout(() => this.#lost(1006, ''), OPEN_WITHIN_MS)
    // `close` follows. Without a listener the package `ws` would end the program.
    socket.onerror = () => undefined
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#heard(event.data)
    }
    socket.onclose = (event) => {
      if (socket === this.#socket) this.#lost(event.code, event.reason)
    }
  }

  #heard(data: unknown) {
    this.#heardAt = this.#options.now()
    const frame = readFrame(data)
    if (!frame) return
    const fresh = !this.#synced
    if (fresh) {
      // W3: the first frame is user_sync.
      if (frame.type !== 'user_sync') return
      this.#synced = true
      if (this.#outdated) return this.#connect()
      clearTimeout(this.#watchdog)
      this.#options.onLink({ kind: 'live' })
    }
    this.#options.onFrame(frame, fresh)
    if (fresh) this.#keepAlive()
  }

  #keepAlive() {
    this.#liveTimers = FIRST_PINGS_MS.map((ms) => setTimeout(() => this.ping(), ms))
    this.#liveTimers.push(setTimeout(() => (this.#attempt = 0), STABLE_MS))
    let tickedAt = Date.now()
    let pingedAt = tickedAt
    this.#tickTimer = setInterval(() => {
      const now = Date.now()
      const slept = Math.abs(now - tickedAt) > TICK_MS + SLEPT_MS
      tickedAt = now
      if (!slept && now - pingedAt < PING_EVERY_MS) return
      pingedAt = now
      this.look()
    }, TICK_MS)
  }

  ping() {
    const sentAt = this.#options.now()
    if (!this.send({ type: 'ping', t: Math.round(sentAt) })) return
    clearTimeout(this.#watchdog)
    this.#watchdog = setTimeout(() => {
      if (this.#heardAt < sentAt) this.#lost(1006, '')
    }, SILENCE_MS)
  }

  /** Closes the socket and ignores its further events. */
  #drop(code?: number) {
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#watchdog)
    clearInterval(this.#tickTimer)
    for (const timer of this.#liveTimers) clearTimeout(timer)
    this.#liveTimers = []
    const socket = this.#socket
    this.#socket = undefined
    this.#synced = false
    if (!socket) return
    socket.onmessage = socket.onclose = null
    socket.close(code)
  }

  /** Ends the attempts, because they are useless. */
  readonly giveUp = (code: number | string, reason = '') => {
    if (this.#synced) return
    this.#drop()
    this.#end(code, reason)
  }

  #lost(code: number, rawReason: string) {
    const { reconnect, retryMs, reason } = readClose(code, rawReason)
    this.#options.onLost(code, this.#synced, reason)
    this.#drop()
    if (!reconnect) return this.#end(code, reason)
    const now = this.#options.now()
    const delay = backoffMs(this.#attempt++, Math.random(), retryMs)
    this.#notBefore = retryMs > 0 ? now + retryMs : 0
    this.#wait(delay)
  }

  #wait(ms: number) {
    const until = this.#options.now() + ms
    this.#options.onLink({ kind: this.#options.isOffline() ? 'offline' : 'waiting', until })
    this.#retryTimer = setTimeout(() => this.#connect(), ms)
  }

  #end(code: number | string, reason: string) {
    this.#final = true
    this.#options.onLink({ kind: 'final', code, reason })
  }
}

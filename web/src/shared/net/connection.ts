/*
 * One connection to the server, kept for as long as the page is open.
 *
 * connecting -> live -> (lost) waiting -> connecting ..., or final on a close code that says
 * so (W28). Waiting ends early when the network or the tab comes back, unless the server
 * named a time. The link is live only while its socket is open: whatever may have ended it unseen (sleep, a frozen
 * tab, the back/forward cache) makes us look. Browsers answer WebSocket pings without telling us, so we ping in frames: for the clock
 * (W21), and to notice a connection that is open and dead.
 */
import { backoffMs, readClose, STABLE_MS } from './backoff'
import { readFrame, SUBPROTOCOL, type ClientFrame, type ServerFrame } from './frames'
import type { Link } from './link'

/** A few at the start, to know the clock well soon; the pings of one connection, ms after its opening. */
const FIRST_PINGS_MS = [0, 150, 400, 900, 2_000]
const PING_EVERY_MS = 15_000
/** how often we look whether the machine slept, and what of a jump of its clock says so; a timer alone sleeps too */
const TICK_MS = 3_000
const SLEPT_MS = 5_000
/** nothing heard for so long after a ping: the connection is dead */
const SILENCE_MS = 4_000
/** an upgrade that gets no answer */
const OPEN_WITHIN_MS = 8_000
/** an upgrade as young as this is not begun anew when the network comes back or the tab is shown */
const YOUNG_MS = 1_000
/** after `pagehide`: a page that still runs then was not unloaded, and browsers do not always say so */
const STILL_HERE_MS = 1_000

export interface ConnectionOptions {
  address(): string
  token(): string | undefined
  now(): number
  onFrame(frame: ServerFrame, fresh: boolean): void
  onLink(link: Link): void
  /** An upgrade was not answered as we hoped: it may be a refusal, which browsers do not show. */
  onUnopened?(): void
  /** The server upgraded, and closed with this code before it let us in. */
  onTurnedAway?(code: number): void
}

export class Connection {
  private socket: WebSocket | undefined
  private attempt = 0
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private liveTimers: ReturnType<typeof setTimeout>[] = []
  private tickTimer: ReturnType<typeof setInterval> | undefined
  private watchdog: ReturnType<typeof setTimeout> | undefined
  private heardAt = 0
  private begunAt = 0
  private synced = false
  /** local ms before which the server does not want us back */
  private notBefore = 0
  private final = false
  /** to be replaced as soon as it is live */
  private outdated = false

  constructor(private readonly options: ConnectionOptions) {}

  start() {
    for (const name of ['focus', 'pageshow']) addEventListener(name, () => this.look())
    document.addEventListener('resume', () => this.look())
    addEventListener('online', () => this.look(YOUNG_MS))
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.look(YOUNG_MS)
    })
    addEventListener('offline', () => this.ping())
    // A page in the back/forward cache must hold no socket.
    addEventListener('pagehide', () => {
      this.drop()
      if (!this.final) this.wait(Math.max(STILL_HERE_MS, this.notBefore - this.options.now()))
    })
    this.connect()
  }

  /** Something happened after which the socket may not be what we think. An upgrade of `oldMs` or more is begun anew. */
  private look(oldMs = Infinity) {
    if (!this.synced) this.hurry(oldMs)
    else if (this.socket?.readyState === WebSocket.OPEN) this.ping()
    else this.lost(1006, '')
  }

  /** The visitor asked for it: now, whatever was planned. */
  readonly connectNow = () => {
    if (this.synced) return
    this.final = false
    this.notBefore = 0
    this.connect()
  }

  /** As who we are now: the identity that we offer has changed. */
  readonly reconnect = () => {
    if (this.synced) this.connect()
    // Dropped in the middle of an upgrade, it would leave somebody behind who seems to be here for a while.
    else this.outdated = true
  }

  readonly send = (frame: ClientFrame): boolean => {
    if (!this.synced || this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(JSON.stringify(frame))
    return true
  }

  private hurry(oldMs: number) {
    const now = this.options.now()
    const young = this.socket !== undefined && now - this.begunAt < oldMs
    if (this.final || young || now < this.notBefore) return
    this.attempt = 0
    this.connect()
  }

  private connect() {
    this.drop()
    this.outdated = false
    this.options.onLink({ kind: 'connecting' })
    const token = this.options.token()
    let socket: WebSocket
    try {
      socket = new WebSocket(this.options.address(), [SUBPROTOCOL, ...(token ? [token] : [])])
    } catch {
      // Forbidden by the browser or an extension: told as any connection that fails.
      return this.lost(1006, '')
    }
    this.socket = socket
    this.begunAt = this.options.now()
    this.watchdog = setTimeout(() => this.lost(1006, ''), OPEN_WITHIN_MS)
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (socket === this.socket) this.heard(event.data)
    }
    socket.onclose = (event) => {
      if (socket === this.socket) this.lost(event.code, event.reason)
    }
  }

  private heard(data: unknown) {
    this.heardAt = this.options.now()
    const frame = readFrame(data)
    if (!frame) return
    const fresh = !this.synced
    if (fresh) {
      // W3: the first frame is user_sync; only then is there someone to talk to.
      if (frame.type !== 'user_sync') return
      this.synced = true
      if (this.outdated) return this.connect()
      clearTimeout(this.watchdog)
      this.options.onLink({ kind: 'live' })
    }
    this.options.onFrame(frame, fresh)
    if (fresh) this.keepAlive()
  }

  private keepAlive() {
    this.liveTimers = FIRST_PINGS_MS.map((ms) => setTimeout(() => this.ping(), ms))
    this.liveTimers.push(setTimeout(() => (this.attempt = 0), STABLE_MS))
    let tickedAt = Date.now()
    let pingedAt = tickedAt
    this.tickTimer = setInterval(() => {
      const now = Date.now()
      const slept = Math.abs(now - tickedAt) > TICK_MS + SLEPT_MS
      tickedAt = now
      if (!slept && now - pingedAt < PING_EVERY_MS) return
      pingedAt = now
      this.look()
    }, TICK_MS)
  }

  private ping() {
    const sentAt = this.options.now()
    if (!this.send({ type: 'ping', t: Math.round(sentAt) })) return
    clearTimeout(this.watchdog)
    this.watchdog = setTimeout(() => {
      if (this.heardAt < sentAt) this.lost(1006, '')
    }, SILENCE_MS)
  }

  /** Lets go of the socket without a word more from it. */
  private drop() {
    clearTimeout(this.retryTimer)
    clearTimeout(this.watchdog)
    clearInterval(this.tickTimer)
    for (const timer of this.liveTimers) clearTimeout(timer)
    this.liveTimers = []
    const socket = this.socket
    this.socket = undefined
    this.synced = false
    if (!socket) return
    socket.onmessage = socket.onclose = null
    socket.close()
  }

  /** It was found out that there is no use in trying. */
  readonly giveUp = (code: number | string, reason = '') => {
    if (this.synced) return
    this.drop()
    this.end(code, reason)
  }

  private lost(code: number, rawReason: string) {
    if (!this.synced && code === 1006) this.options.onUnopened?.()
    else if (!this.synced) this.options.onTurnedAway?.(code)
    this.drop()
    const { reconnect, retryMs, reason } = readClose(code, rawReason)
    if (!reconnect) return this.end(code, reason)
    const now = this.options.now()
    const delay = backoffMs(this.attempt++, Math.random(), retryMs)
    this.notBefore = retryMs > 0 ? now + retryMs : 0
    this.wait(delay)
  }

  private wait(ms: number) {
    const until = this.options.now() + ms
    this.options.onLink(
      navigator.onLine === false ? { kind: 'offline' } : { kind: 'waiting', until },
    )
    this.retryTimer = setTimeout(() => this.connect(), ms)
  }

  private end(code: number | string, reason: string) {
    this.final = true
    this.options.onLink({ kind: 'final', code, reason })
  }
}

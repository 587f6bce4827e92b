/*
 * A channel: connects, connects again, and keeps what a client must know (docs/protocol.md).
 *
 * A message that `say` was given is neither lost nor posted twice while the connection breaks and comes back: it is sent
 * again with its id until the server answers (W10), or until `say` gives up.
 */
import { addressOf, socketUrl, type Address } from './address.ts'
import { Connection, type SocketConstructor } from './core/connection.ts'
import {
  DEFAULT_LIMITS,
  toPosition,
  type ClientFrame,
  type Limits,
  type Position,
  type ServerFrame,
} from './core/frames.ts'
import { newGuestKey } from './core/guest.ts'
import type { Host } from './core/host.ts'
import type { Link } from './core/link.ts'
import { isHidden, isOffline, monotonic, origin, watchPage } from './core/page.ts'
import { createPointerSender } from './core/pointer.ts'
import type { Kind } from './core/reactions.ts'
import { whyRefused } from './core/refusal.ts'
import { createRepeat } from './core/repeat.ts'
import { Crowd } from './crowd.ts'
import { type DraftWriter, OwnDrafts } from './draft.ts'
import { ChannelClosed, NotSent, Refused } from './errors.ts'
import { personOf, rulesOf, type Draft, type Message, type Person, type Rules } from './events.ts'
import { draftOf, Mirror } from './mirror.ts'
import { Moderation } from './moderation.ts'
import { Posts, type SayOptions } from './posts.ts'

export interface ConnectOptions {
  /** to join with; absent: the server chooses */
  name?: string
  color?: string
  /** of an earlier visit (`channel.token`) or of the sign-in provider; absent: a new guest */
  token?: string
  /** to a private channel */
  invite?: string
  /** false: other people's maps do not show this user (W31) */
  onMap?: boolean
  /** the language of the name that the server chooses, such as `de` */
  lang?: string
  /** for Node 20, which has none */
  WebSocket?: unknown
  /** @internal `WebSocket` seals what it sends (sealed/index.ts) */
  sealed?: boolean
}

/** `server`: its address, or a link to a channel; the link's channel counts if `channel` is left out. */
export function connect(server: string, channel?: string, options: ConnectOptions = {}): Channel {
  return new Channel(addressOf(server, channel), options)
}

export class Channel extends Moderation {
  readonly name: string
  /** Resolves when the channel is live for the first time. Rejects if the server does not let this client in. */
  readonly ready: Promise<void>
  limits: Limits = DEFAULT_LIMITS
  isLive = false
  /** Whether people on other server processes cannot be reached just now (W29). */
  isDegraded = false
  /** Sent with each connection. Store it to be the same user again. */
  token: string | undefined
  #address: Address
  #options: ConnectOptions
  #connection: Connection
  #mirror: Mirror
  #posts: Posts
  #pointer
  #drafts
  #crowd
  #lost = { code: 1006, reason: '' }
  #stopWatching: () => void
  #repeatSoon = createRepeat(() => this.#repeat())

  /** @internal */
  constructor(address: Address, options: ConnectOptions) {
    super()
    this.name = address.channel
    this.token = options.token ?? (newGuestKey() || undefined)
    this.#address = address
    this.#options = { ...options }
    this.#connection = new Connection({
      address: () => this.#url(),
      token: () => this.token,
      now: monotonic,
      WebSocket: options.WebSocket as SocketConstructor | undefined,
      isOffline,
      onFrame: (frame, fresh) => this.#receive(frame, fresh),
      onLink: (link) => this.#onLink(link),
      onLost: (code, wasLive, reason) => {
        this.#lost = { code, reason }
        if (!wasLive && code === 1006) this.#askWhy().catch(() => undefined)
      },
    })
    const host: Host = { send: this.#connection.send, now: monotonic, isHidden }
    this.#mirror = new Mirror(host, this)
    this.#posts = new Posts(this.#mirror, host.send)
    this.#pointer = createPointerSender(host, () => false)
    this.#drafts = new OwnDrafts(host)
    this.#crowd = new Crowd(host, this.#pointer, this.#drafts, this)
    this.ready = new Promise((resolve, reject) => {
      this.on('connected', resolve)
      this.on('closed', reject)
    })
    // Who does not wait for it has `closed`.
    this.ready.catch(() => undefined)
    this.#stopWatching = watchPage(this.#connection)
    this.#connection.start()
  }

  /** Leaves the channel: others see it at once. */
  close() {
    this.#connection.close()
  }

  // What is known.

  get userId(): string {
    return this.#mirror.userId
  }

  /** Who is here, by user id. In a channel with more than `limits.roster` people, some of them (W20). */
  get people(): ReadonlyMap<string, Person> {
    const { users } = this.#mirror.presence
    return new Map([...users].map(([userId, user]) => [userId, personOf(user)]))
  }

  /** Somebody who is here, or whose name this client has asked for. */
  person(userId: string): Person | undefined {
    const user = this.#mirror.user(userId)
    return user && personOf(user)
  }

  get count(): number {
    return this.#mirror.presence.count
  }

  /** The messages that live now, the oldest first. */
  get messages(): Message[] {
    return [...this.#mirror.messages.entries.values()]
      .filter(({ state }) => state === 'sent')
      .map((entry) => this.#mirror.messageOf(entry))
      .sort((a, b) => a.sentAt - b.sentAt)
  }

  /** What others are typing. */
  get drafts(): Draft[] {
    return [...this.#mirror.messages.entries.values()]
      .filter(({ state }) => state === 'draft')
      .map((entry) => draftOf(entry))
  }

  /** Where people point, by user id. */
  get pointers(): ReadonlyMap<string, Position> {
    return this.#mirror.pointers
  }

  /** Whether each client gets only what it shows, because so many people are here (W160). */
  get isCrowd(): boolean {
    return this.#crowd.on
  }

  get rules(): Rules {
    return rulesOf(this.#mirror.rules)
  }

  /** The server's clock, ms since the Unix epoch. */
  now(): number {
    return this.#mirror.clock.now()
  }

  // What a client does.

  /**
   * Posts a message, and resolves when the server has accepted it. Waits for the connection, and for a limit that is over in
   * time. Rejects with NotSent if the server refuses the message or does not accept it in time, with ChannelClosed if the
   * channel closes meanwhile.
   */
  say(text: string, at: Position = { x: 0, y: 0 }, options: SayOptions = {}): Promise<Message> {
    if (this.closed) return Promise.reject(this.closed)
    this.#drafts.posted(options.messageId)
    return this.#posts.say(text, at, options)
  }

  /** A message that others see while it is written. There is one at a time. */
  draft(at: Position = { x: 0, y: 0 }): DraftWriter {
    return this.#drafts.write(at, (text, messageId) => this.say(text, at, { messageId }))
  }

  /** Moves this user's pointer. `anchor`: what it points at on a web page (W180). */
  move(x: number, y: number, anchor?: string) {
    this.#pointer.point(toPosition({ x, y, anchor }))
  }

  /** Lost if there is no connection. */
  react(kind: Kind, at: Position = { x: 0, y: 0 }) {
    this.#connection.send({ type: 'reaction', kind, position: at })
  }

  /** Asks a user for their view, which comes as `view` events. Lasts 12 s: call it again every 5 s (W32). */
  follow(userId: string) {
    this.send({ type: 'follow', user_id: userId })
  }

  /** What this client shows: the middle and the size. Call it at each change: followers see it, and a crowd sends what
   *  is there (W32, W160). */
  view(x: number, y: number, width: number, height: number) {
    this.#crowd.show({ type: 'view', position: { x, y }, width, height })
  }

  /** Changes this user's name, colour or place on maps, now and after each reconnect. */
  setProfile(change: Pick<ConnectOptions, 'name' | 'color' | 'onMap'>) {
    Object.assign(this.#options, change)
    const me = this.person(this.userId)
    const { name = me?.name ?? '', color = me?.color ?? '', onMap } = this.#options
    if (this.isLive) this.send({ type: 'profile', name, color, on_map: onMap })
  }

  /** Replaces the provider's token by a newer one of the same user (W60). */
  authenticate(token: string) {
    this.token = token
    if (this.isLive) this.send({ type: 'auth', token })
  }

  /** @internal */
  protected send(frame: ClientFrame) {
    if (this.closed) throw this.closed
    if (!this.#connection.send(frame)) {
      throw new NotSent('disconnected', 'there is no connection at the moment')
    }
  }

  #url(): string {
    const { name, color, invite, lang, onMap } = this.#options
    const on_map = onMap === false ? '0' : undefined
    const view = this.#crowd.query()
    return socketUrl(this.#address, { name, color, invite, lang, on_map, ...view })
  }

  #receive(frame: ServerFrame, fresh: boolean) {
    if (frame.type === 'user_sync') {
      this.token = frame.token ?? this.token
      this.limits = frame.limits
      this.isLive = true
      if (fresh) this.isDegraded = false
    } else if (frame.type === 'degraded' || frame.type === 'restored') {
      this.isDegraded = frame.type === 'degraded'
    } else if (frame.type === 'error' && !this.#posts.refused(frame)) {
      const { code, message, retry_after, limit } = frame
      this.emit('error', new NotSent(code, message, retry_after, limit))
    }
    this.#mirror.receive(frame, fresh)
    if (this.#crowd.receive(frame)) this.#repeatSoon()
    this.#posts.settle()
    if (frame.type === 'user_joined' || frame.type === 'restored') this.#repeatSoon()
    if (!fresh) return
    for (const entry of this.#mirror.unanswered()) this.#posts.transmit(entry)
    this.#repeat()
    this.emit('connected', undefined)
  }

  #onLink(link: Link) {
    if (link.kind === 'live' || link.kind === 'connecting') return
    this.isLive = false
    if (link.kind !== 'final') {
      return this.emit('disconnected', { ...this.#lost, retryMs: link.until - monotonic() })
    }
    const { code, reason } = link
    this.closed =
      typeof code === 'number' ? new ChannelClosed(code, reason) : new Refused(code, reason)
    this.#stopWatching()
    this.#posts.end(this.closed)
    this.#mirror.reset()
    this.emit('closed', this.closed)
  }

  /** Browsers hide why an upgrade failed (W87). */
  async #askWhy() {
    const { server, channel } = this.#address
    const { invite, sealed } = this.#options
    const refusal = await whyRefused({
      server,
      channel,
      origin: origin(),
      invite,
      token: this.token,
      sealed,
    })
    if (refusal?.lasting) this.#connection.giveUp(refusal.code ?? '', refusal.message)
  }

  /** Again for those who have joined since (W16). */
  #repeat() {
    this.#pointer.resend()
    this.#drafts.resend()
  }
}

/*
 * A channel, as a program sees it. It connects again when the connection breaks (docs/protocol.md).
 *
 * A message that `say` was given is neither lost nor posted twice while the connection breaks and comes back: it is sent
 * again with its id until the server answers (W10), or until `say` gives up.
 */
import { addressOf, type Address } from './address.ts'
import { rounded, toPosition, type ClientFrame, type Limits, type Position } from './core/frames.ts'
import { newGuestKey } from './core/guest.ts'
import { newId } from './core/random.ts'
import type { Kind } from './core/reactions.ts'
import type { DraftWriter } from './draft.ts'
import { NotSent, type ChannelClosed } from './errors.ts'
import {
  createEmitter,
  personOf,
  rulesOf,
  type AnyEvent,
  type Draft,
  type Events,
  type Message,
  type Person,
  type Rules,
  type Stroke,
} from './events.ts'
import type { PostFrame, SayOptions } from './posts.ts'
import { createSession, type ConnectOptions, type Shown } from './session.ts'

/** An async iterable of its events from now on, which throws what the server closed the channel with. */
export interface Channel extends AsyncIterable<AnyEvent> {
  readonly name: string
  /** Resolves when the channel is live for the first time. Rejects if the server does not let this client in. */
  readonly ready: Promise<void>
  /** The server's limits; undefined before the first connection. */
  readonly limits: Limits | undefined
  readonly isLive: boolean
  /** Whether people on other server processes cannot be reached just now (W29). */
  readonly isDegraded: boolean
  /** Whether the server made a new guest, because it got no token or does not know the one that it got (W4). */
  readonly isNewGuest: boolean
  /** Sent with each connection. Store it to be the same user again. */
  readonly token: string | undefined
  /** Why the channel is closed for good; undefined while it is not. */
  readonly closed: ChannelClosed | undefined

  /** Calls `listener` for each event of the type. Returns how to stop that. */
  on<Type extends keyof Events>(type: Type, listener: (data: Events[Type]) => void): () => void
  /** Leaves the channel: others see it at once. */
  close(): void

  // What is known.

  readonly userId: string
  /** Who is here, by user id. In a channel with more than `limits.roster` people, some of them (W20). */
  readonly people: ReadonlyMap<string, Person>
  /** Somebody who is here, or whose name this client has asked for. */
  person(userId: string): Person | undefined
  readonly count: number
  /** The messages that live now, the oldest first. */
  readonly messages: Message[]
  /** The lines that live now, the oldest first. */
  readonly strokes: Stroke[]
  /** What others are typing. */
  readonly drafts: Draft[]
  /** Where people point, by user id. */
  readonly pointers: ReadonlyMap<string, Position>
  /** Whether each client gets only what it shows, because so many people are here (W160). */
  readonly isCrowd: boolean
  readonly rules: Rules
  /** The server's clock, ms since the Unix epoch. */
  now(): number

  // What a client does.

  /**
   * Posts a message, and resolves when the server has accepted it. Waits for the connection, and for a limit that is over in
   * time. Rejects with NotSent if the server refuses the message or does not accept it in time, with ChannelClosed if the
   * channel closes meanwhile.
   */
  say(text: string, at?: Position, options?: SayOptions): Promise<Message>
  /** Draws a line that fades, through 2 to 256 points (W110). Waits and rejects as `say`. */
  stroke(points: Stroke['points'], options?: SayOptions): Promise<Stroke>
  /** A message that others see while it is written. There is one at a time. */
  draft(at?: Position): DraftWriter
  /** Moves this user's pointer. `anchor`: what it points at on a web page (W180). */
  move(x: number, y: number, anchor?: string): void
  /** Lost if there is no connection. */
  react(kind: Kind, at?: Position): void
  /** Asks a user for their view, which comes as `view` events. Lasts 12 s: call it again every 5 s (W32). */
  follow(userId: string): void
  /** What this client shows: the middle and the size. Call it at each change: followers see it, and a crowd sends what
   *  is there (W32, W160). */
  view(x: number, y: number, width: number, height: number): void
  /** Changes this user's name, colour or place on maps, now and after each reconnect. */
  setProfile(change: Pick<ConnectOptions, 'name' | 'color' | 'onMap'>): void
  /** Replaces the provider's token by a newer one of the same user (W60). */
  authenticate(token: string): void
  /** Sends a frame of the protocol. Throws NotSent if there is no connection, or what closed the channel. */
  send(frame: ClientFrame): void
}

/** `server`: its address, or a link to a channel; the link's channel counts if `channel` is left out. */
export function connect(server: string, channel?: string, options: ConnectOptions = {}): Channel {
  return createChannel(addressOf(server, channel), { ...options })
}

const ORIGIN: Position = { x: 0, y: 0 }

function createChannel(address: Address, options: ConnectOptions): Channel {
  const events = createEmitter()
  const { on, closed } = events

  async function post<Posted extends Message | Stroke>(
    frame: PostFrame,
    timeoutMs: number | undefined,
  ): Promise<Posted> {
    const error = closed()
    if (error) throw error
    return posts.post(frame, timeoutMs, (answer) => mirror.keep(frame, answer) as Posted)
  }

  const channel: Channel & Shown = {
    ...{
      name: address.channel,
      limits: undefined,
      isLive: false,
      isDegraded: false,
      isNewGuest: false,
    },
    token: options.token ?? (newGuestKey() || undefined),
    on,
    [Symbol.asyncIterator]: events[Symbol.asyncIterator],
    ready: new Promise((resolve, reject) => {
      on('connected', resolve)
      on('closed', reject)
    }),
    close: () => connection.close(),
    get closed() {
      return closed()
    },
    get userId() {
      return mirror.userId()
    },
    get people() {
      return new Map([...mirror.presence().users].map(([id, user]) => [id, personOf(user)]))
    },
    person(userId) {
      const user = mirror.user(userId)
      return user && personOf(user)
    },
    get count() {
      return mirror.presence().count
    },
    get messages() {
      return mirror.canvas.all<Message>('message')
    },
    get strokes() {
      return mirror.canvas.all<Stroke>('stroke')
    },
    get drafts() {
      return mirror.canvas.all<Draft>('draft')
    },
    get pointers() {
      return mirror.pointers
    },
    get isCrowd() {
      return own.isCrowd()
    },
    get rules() {
      return rulesOf(mirror.rules())
    },
    now: () => mirror.clock.now(),

    say(text, at = ORIGIN, { messageId: message_id = newId(), timeoutMs } = {}) {
      drafts.posted(message_id)
      return post({ type: 'chat', message_id, payload: text, position: toPosition(at) }, timeoutMs)
    },
    stroke(points, { messageId: message_id = newId(), timeoutMs } = {}) {
      const line = points.map((point) => point.map(rounded)) as unknown as Stroke['points']
      return post({ type: 'stroke', message_id, points: line, done: true }, timeoutMs)
    },
    draft: (at = ORIGIN) =>
      drafts.write(at, (text, messageId) => channel.say(text, at, { messageId })),
    move: (x, y, anchor) => pointer.point(toPosition({ x, y, anchor })),
    react: (kind, at = ORIGIN) => void connection.send({ type: 'reaction', kind, position: at }),
    follow: (userId) => channel.send({ type: 'follow', user_id: userId }),
    view: (x, y, width, height) => show({ type: 'view', position: { x, y }, width, height }),
    setProfile(change) {
      Object.assign(options, change)
      const me = channel.person(channel.userId)
      const { name = me?.name ?? '', color = me?.color ?? '', onMap } = options
      connection.send({ type: 'profile', name, color, on_map: onMap })
    },
    authenticate(token) {
      channel.token = token
      connection.send({ type: 'auth', token })
    },
    send(frame) {
      const error = closed()
      if (error) throw error
      if (!connection.send(frame)) throw new NotSent('disconnected', 'no connection')
    },
  }
  const session = createSession(channel, events, address, options)
  const { connection, mirror, posts, pointer, drafts, own, show } = session
  // Who does not wait for it has `closed`.
  channel.ready.catch(() => undefined)
  connection.start()
  return channel
}

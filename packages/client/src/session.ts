/*
 * One client in one channel, over any number of connections: what it sends, when, and again. The parts of a channel are joined
 * here; channel.ts is what a program sees of them.
 */
import type { Address } from './address.ts'
import { socketUrl } from './core/address.ts'
import { createConnection, type SocketConstructor } from './core/connection.ts'
import type { Limits, ServerFrame, ViewMessage } from './core/frames.ts'
import type { Host } from './core/host.ts'
import type { Link } from './core/link.ts'
import { isHidden, isOffline, monotonic, origin, watchPage } from './core/page.ts'
import { createPointerSender } from './core/pointer.ts'
import { whyRefused } from './core/refusal.ts'
import { createOwn } from './core/own.ts'
import { createViewSender } from './core/view-sender.ts'
import { queryOfView } from './core/views.ts'
import { createOwnDrafts } from './draft.ts'
import { ChannelClosed, Refused } from './errors.ts'
import type { Emitter } from './events.ts'
import { createMirror } from './mirror.ts'
import { createPosts } from './posts.ts'

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

/** What a channel shows of its session. */
export interface Shown {
  limits: Limits | undefined
  isLive: boolean
  isDegraded: boolean
  isNewGuest: boolean
  token: string | undefined
}

/** `options` may change: they are of the next connection. */
export function createSession(
  shown: Shown,
  events: Emitter,
  address: Address,
  options: ConnectOptions,
) {
  const { invite, lang, sealed } = options
  let lost = { code: 1006, reason: '' }
  /** what this client shows */
  let view: ViewMessage | undefined
  const connection = createConnection({
    address() {
      const { name, color, onMap } = options
      const on_map = onMap === false ? '0' : undefined
      const { server, channel } = address
      return socketUrl(server, { channel, name, color, invite, lang, on_map, ...queryOfView(view) })
    },
    token: () => shown.token,
    now: monotonic,
    WebSocket: options.WebSocket as SocketConstructor | undefined,
    isOffline,
    onFrame,
    onLink,
    onLost(code, _, reason) {
      lost = { code, reason }
    },
    why: () => whyRefused({ ...address, origin: origin(), invite, token: shown.token, sealed }),
  })
  const host: Host = { send: connection.send, now: monotonic, isHidden }
  const posts = createPosts(host.send, () => mirror.userId())
  const mirror = createMirror(host, events, posts.accept)
  const pointer = createPointerSender(host)
  const drafts = createOwnDrafts(host)
  const own = createOwn(pointer, drafts)
  const views = createViewSender(host, () => view, own.isCrowd)
  const stopWatching = watchPage(connection)

  function onFrame(frame: ServerFrame, fresh: boolean) {
    const { type } = frame
    if (type === 'user_sync') {
      const { token = shown.token } = frame
      // W4: one that counts comes back.
      shown.isNewGuest ||= token !== shown.token
      shown.token = token
      shown.limits = frame.limits
    }
    if (fresh || type === 'degraded' || type === 'restored') shown.isDegraded = type === 'degraded'
    const error = type === 'error' && posts.refuse(frame)
    if (error) events.emit(type, error)
    mirror.receive(frame, fresh)
    if (fresh) posts.resend()
    const isOther = own.receive(frame, fresh)
    if (isOther) events.emit('crowd', { on: own.isCrowd() })
    if (type === 'followed') views.onFollowed()
    if (isOther || fresh) views.show()
    if (fresh) events.emit('connected', undefined)
  }

  function onLink(link: Link) {
    shown.isLive = link.kind === 'live'
    if ('until' in link)
      return events.emit('disconnected', { ...lost, retryMs: link.until - monotonic() })
    if (link.kind !== 'final') return
    const { code, reason } = link
    const error = new (typeof code === 'number' ? ChannelClosed : Refused)(code as string, reason)
    stopWatching()
    posts.end(error)
    mirror.reset()
    events.end(error)
  }

  function show(next: ViewMessage) {
    view = next
    views.show()
  }

  return { connection, mirror, posts, pointer, drafts, own, show }
}

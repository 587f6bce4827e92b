/*
 * The messages on the canvas and the drafts of others, as a pure state.
 *
 * `(user_id, message_id)` identifies a message (W13). An entry keeps its key from its draft to its end, so that its element
 * is never replaced. Keys of our own messages have no user id, because the first message may be written before the server
 * sends us ours. Whether a message from the server is ours depends on its user id.
 *
 * A reader may hold a message, or keep all messages longer (messages/model/reading.ts): `goesAt` is when it leaves this
 * page, `expiresAt` when it ends for everyone else. At most KEPT_MAX messages are kept after their end.
 *
 * Our own message goes from pending to sent (ack), refused (error) or late (not acknowledged within its life). Pending
 * messages are sent again after a reconnect (W10), refused and late ones only when their author asks. Text is never dropped
 * here; only a sent message expires. Times are the server's clock, passed in.
 */
import { goesAt, type LifeFactor } from './life.ts'
import type { ChatFrame, ErrorFrame, Position, TypingFrame } from './frames.ts'

export type EntryState = 'draft' | 'pending' | 'sent' | 'refused' | 'late'

export interface Entry {
  readonly key: string
  readonly messageId: string
  readonly mine: boolean
  /** undefined while it is ours and the server has not named us */
  readonly userId: string | undefined
  /** from the frame; undefined: look the author up */
  readonly name: string | undefined
  readonly color: string | undefined
  readonly text: string
  readonly at: Position
  readonly state: EntryState
  /** moment of sending, or of the last letter of a draft */
  readonly timestamp: number
  /** when it goes; for ours still pending: when it would be late */
  readonly expiresAt: number
  /** when it leaves this page; Infinity: when it is hidden */
  readonly goesAt: number
  /** under the reader's pointer, focus or finger: it stays */
  readonly held: boolean
  /** its author is not to be shown on maps (W31); undefined: as the author's profile says */
  readonly onMap?: boolean
  /** a program posted it with an API key (W130) */
  readonly bot?: boolean
  /** was seen as a draft: it does not appear a second time */
  readonly grown: boolean
  error?: Pick<ErrorFrame, 'code' | 'message' | 'limit'> & { readonly retryAt?: number }
}

export interface Messages {
  readonly entries: ReadonlyMap<string, Entry>
  /** keys of messages that were posted, each until a straggling draft can no longer follow (W13) */
  readonly posted: ReadonlyMap<string, number>
  readonly factor: LifeFactor
  /** the owner cleared all messages until then (W65) */
  readonly cleared: number
}

export const NO_MESSAGES: Messages = {
  entries: new Map(),
  posted: new Map(),
  factor: 1,
  cleared: -Infinity,
}

/** W15 */
export const DRAFT_LIFE_MS = 10_000
export const POSTED_MS = 15_000
export const KEPT_MAX = 300

/** The same for messages and strokes. */
export const keyOf = (mine: boolean, userId: string, messageId: string) =>
  mine ? `/${messageId}` : `${userId}/${messageId}`

export const ownKey = (messageId: string) => keyOf(true, '', messageId)

export function put(messages: Messages, entry: Entry): Messages {
  return { ...messages, entries: new Map(messages.entries).set(entry.key, entry) }
}

export function drop(messages: Messages, key: string): Messages {
  if (!messages.entries.has(key)) return messages
  const entries = new Map(messages.entries)
  entries.delete(key)
  return { ...messages, entries }
}

type New =
  'key' | 'messageId' | 'mine' | 'userId' | 'text' | 'at' | 'state' | 'timestamp' | 'expiresAt'

/** What is not given is as in a draft. */
const entryOf = (entry: Pick<Entry, New> & Partial<Entry>): Entry => ({
  ...{ name: undefined, color: undefined, held: false, grown: true },
  goesAt: entry.expiresAt,
  ...entry,
})

/** Our message, shown before the server has it. */
export function post(
  messages: Messages,
  own: { messageId: string; text: string; at: Position; userId: string | undefined },
  now: number,
  life: number,
): Messages {
  const { messageId, text, at, userId } = own
  const entry = entryOf({
    ...{ key: ownKey(messageId), messageId, text, at, userId, mine: true },
    ...{ state: 'pending', timestamp: now, expiresAt: now + life },
  })
  return put(messages, entry)
}

/** The key of a message. */
export function chatKey(messages: Messages, frame: ChatFrame, selfId: string | undefined): string {
  const { user_id, message_id, payload } = frame
  const sent = messages.entries.get(ownKey(message_id))
  // After a reconnect under a new user id, a message that we sent under the old one comes back.
  const before = sent?.userId === user_id && sent.text === payload
  return keyOf(before || user_id === selfId, user_id, message_id)
}

export function onChat(
  messages: Messages,
  frame: ChatFrame,
  selfId: string | undefined,
  now: number,
): Messages {
  const key = chatKey(messages, frame, selfId)
  const mine = key === ownKey(frame.message_id)
  const before = messages.entries.get(key)
  // A repetition: it is shown, or was hidden.
  if (before?.state === 'sent' || (!before && messages.posted.has(key))) return messages
  if (frame.expires_at <= now || frame.timestamp <= messages.cleared) return drop(messages, key)
  const posted = new Map(messages.posted).set(key, frame.expires_at + POSTED_MS)
  const { timestamp, expires_at: expiresAt, name, color } = frame
  const entry = entryOf({
    ...{ key, messageId: frame.message_id, mine, userId: frame.user_id, name, color },
    ...{ text: frame.payload, at: frame.position, state: 'sent', timestamp, expiresAt },
    goesAt: goesAt(timestamp, expiresAt, messages.factor),
    held: before?.held ?? false,
    ...(frame.on_map === false && { onMap: false }),
    ...(frame.bot && { bot: true }),
    grown: before !== undefined,
  })
  return put({ ...messages, posted }, entry)
}

export function onAck(
  messages: Messages,
  ack: { message_id: string; timestamp: number; expires_at: number },
): Messages {
  const entry = messages.entries.get(ownKey(ack.message_id))
  if (!entry || entry.state === 'sent') return messages
  const answered = { ...entry }
  delete answered.error
  return put(messages, {
    ...answered,
    state: 'sent',
    timestamp: ack.timestamp,
    expiresAt: ack.expires_at,
    goesAt: goesAt(ack.timestamp, ack.expires_at, messages.factor),
  })
}

export function onRefused(messages: Messages, frame: ErrorFrame, now: number): Messages {
  const entry = messages.entries.get(ownKey(frame.message_id ?? ''))
  if (!entry || entry.state !== 'pending') return messages
  const { code, message, limit, retry_after } = frame
  const which = limit !== undefined && { limit }
  const again = retry_after !== undefined && { retryAt: now + retry_after }
  return put(messages, { ...entry, state: 'refused', error: { code, message, ...which, ...again } })
}

export function onTyping(
  messages: Messages,
  frame: TypingFrame,
  selfId: string | undefined,
  now: number,
): Messages {
  const mine = frame.user_id === selfId
  const key = keyOf(mine, frame.user_id, frame.message_id)
  if (messages.posted.has(key)) return messages
  const before = messages.entries.get(key)
  if (before && before.state !== 'draft') return messages
  if (frame.payload === '') return drop(messages, key)
  const entry = entryOf({
    ...{ key, messageId: frame.message_id, mine, userId: frame.user_id, text: frame.payload },
    ...{ at: frame.position, state: 'draft', timestamp: now, expiresAt: now + DRAFT_LIFE_MS },
    held: before?.held ?? false,
  })
  return put(messages, entry)
}

/** Someone left: removes their drafts; their messages stay. */
export function onLeft(messages: Messages, userId: string): Messages {
  let next = messages
  for (const entry of messages.entries.values()) {
    if (!entry.mine && entry.userId === userId && entry.state === 'draft')
      next = drop(next, entry.key)
  }
  return next
}

/** Removes messages posted until then and drafts of others. Our unsent messages stay. */
export function clear(messages: Messages, until: number): Messages {
  const kept = [...messages.entries].filter(([, { state, mine, timestamp }]) =>
    state === 'sent' ? timestamp > until : mine || state !== 'draft',
  )
  return { ...messages, entries: new Map(kept), cleared: Math.max(messages.cleared, until) }
}

/** After a reconnect: removes drafts of people who left meanwhile. */
export function keepDraftsOf(messages: Messages, isHere: (userId: string) => boolean): Messages {
  let next = messages
  for (const { state, userId } of messages.entries.values()) {
    if (state === 'draft' && userId !== undefined && !isHere(userId)) next = onLeft(next, userId)
  }
  return next
}

/** Refused and late messages wait for their author, held ones for their reader. */
const waits = ({ state, held }: Entry) =>
  state === 'refused' || state === 'late' || (held && state === 'sent')

/** Removes what ended by `now`. Our pending messages become late instead. */
export function cull(messages: Messages, now: number): Messages {
  let entries: Map<string, Entry> | undefined
  let kept = 0
  for (const entry of messages.entries.values()) {
    if (entry.state === 'sent' && entry.expiresAt <= now && entry.goesAt > now) kept += 1
    if (entry.goesAt > now || waits(entry)) continue
    entries ??= new Map(messages.entries)
    if (entry.state === 'pending') entries.set(entry.key, { ...entry, state: 'late' })
    else entries.delete(entry.key)
  }
  for (const { key, state, expiresAt, held } of kept > KEPT_MAX ? messages.entries.values() : []) {
    if (kept <= KEPT_MAX) break
    if (state !== 'sent' || expiresAt > now || held) continue
    entries ??= new Map(messages.entries)
    if (entries.delete(key)) kept -= 1
  }
  let posted: Map<string, number> | undefined
  for (const [key, until] of messages.posted) {
    if (until > now) continue
    posted ??= new Map(messages.posted)
    posted.delete(key)
  }
  return entries || posted
    ? { ...messages, entries: entries ?? messages.entries, posted: posted ?? messages.posted }
    : messages
}

/** The next moment at which `cull` has something to do. */
export function nextCull(messages: Messages): number | undefined {
  let next = Infinity
  for (const entry of messages.entries.values()) {
    if (!waits(entry) && entry.goesAt < next) next = entry.goesAt
  }
  return next === Infinity ? undefined : next
}

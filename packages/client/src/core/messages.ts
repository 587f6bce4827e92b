/*
 * The messages on the canvas and the drafts of others, as a pure state: that of lives.ts, and what an interface knows besides.
 *
 * An entry keeps its key from its draft to its end, so that its element is never replaced. Keys of our own messages have no
 * user id, because the first message may be written before the server sends us ours. Whether a message from the server is
 * ours depends on its user id.
 *
 * A reader may hold a message, or keep all messages longer (messages/model/reading.ts): `goesAt` is when it leaves this
 * page, `expiresAt` when it ends for everyone else. At most KEPT_MAX messages are kept after their end.
 *
 * Our own message goes from pending to sent (ack), refused (error) or late (not acknowledged within its life). Pending
 * messages are sent again after a reconnect (W10), refused and late ones only when their author asks. Text is never dropped
 * here; only a sent message expires. Times are the server's clock, passed in.
 */
import * as lives from './lives.ts'
import { draftAt, edited, newLives, type Life, type StateOfLives } from './lives.ts'
import { goesAt, type LifeFactor } from './life.ts'
import type { ChatFrame, ErrorFrame, Position, TypingFrame } from './frames.ts'
import { isOurs } from './ours.ts'

export type EntryState = 'draft' | 'pending' | 'sent' | 'refused' | 'late'

export interface Entry extends Life {
  readonly messageId: string
  /** from the frame; undefined: look the author up */
  readonly name: string | undefined
  readonly color: string | undefined
  readonly text: string
  readonly at: Position
  readonly state: EntryState
  /** for ours still pending: when it would be late */
  readonly expiresAt: number
  /** when it leaves this page; Infinity: when it is hidden */
  readonly goesAt: number
  /** under the reader's pointer, focus or finger: it stays */
  readonly held: boolean
  /** its author is not to be shown on maps (W31); undefined: as the author's profile says */
  readonly onMap?: boolean | undefined
  /** a program posted it with an API key (W130) */
  readonly bot?: boolean | undefined
  /** was seen as a draft: it does not appear a second time */
  readonly grown: boolean
  readonly error?:
    (Pick<ErrorFrame, 'code' | 'message' | 'limit'> & { readonly retryAt?: number }) | undefined
}

export interface Messages extends StateOfLives<Entry> {
  readonly factor: LifeFactor
}

export const NO_MESSAGES: Messages = { ...newLives<Entry>(), factor: 1 }

export const KEPT_MAX = 300

/** The same for messages and strokes. */
export const keyOf = (mine: boolean, userId: string, messageId: string) =>
  mine ? `/${messageId}` : `${userId}/${messageId}`

export const ownKey = (messageId: string) => keyOf(true, '', messageId)

export const put = (messages: Messages, entry: Entry): Messages =>
  edited(messages, ({ entries }) => entries.set(entry.key, entry), messages.over)

export const drop = (messages: Messages, key: string): Messages =>
  edited(messages, ({ entries }) => entries.delete(key), messages.over)

type New =
  'key' | 'messageId' | 'mine' | 'userId' | 'text' | 'at' | 'state' | 'timestamp' | 'expiresAt'

/**
 * What is not given is as in a draft. One literal, without a spread: so all entries have one hidden class, and a loop over
 * thousands of them is several times as fast.
 */
function entryOf(given: Pick<Entry, New> & Partial<Entry>): Entry {
  const { key, messageId, mine, userId, name, color, text, at, state, timestamp, expiresAt } = given
  const { goesAt: leaves = expiresAt, held = false, grown = true, onMap, bot } = given
  return {
    key,
    messageId,
    mine,
    userId,
    name,
    color,
    text,
    at,
    state,
    timestamp,
    expiresAt,
    goesAt: leaves,
    held,
    grown,
    onMap,
    bot,
    error: undefined,
  }
}

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
  const before = sent && isOurs(sent.userId, frame) && sent.text === payload
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
  const { timestamp, expires_at: expiresAt, name, color } = frame
  const entry = entryOf({
    ...{ key, messageId: frame.message_id, mine, userId: frame.user_id, name, color },
    ...{ text: frame.payload, at: frame.position, state: 'sent', timestamp, expiresAt },
    goesAt: goesAt(timestamp, expiresAt, messages.factor),
    held: before?.held ?? false,
    onMap: frame.on_map === false ? false : undefined,
    bot: frame.bot || undefined,
    grown: before !== undefined,
  })
  return edited(messages, (all) => lives.begin(all, entry, now))
}

export function onAck(
  messages: Messages,
  ack: { message_id: string; timestamp: number; expires_at: number },
): Messages {
  const entry = messages.entries.get(ownKey(ack.message_id))
  if (!entry) return messages
  const { timestamp, expires_at: expiresAt } = ack
  const times = { timestamp, expiresAt, goesAt: goesAt(timestamp, expiresAt, messages.factor) }
  const sent: Entry = { ...entry, ...times, state: 'sent', error: undefined }
  return edited(messages, (all) => lives.begin(all, sent, timestamp))
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
  const { user_id: userId, message_id: messageId, payload: text, position: at } = frame
  const mine = userId === selfId
  const key = keyOf(mine, userId, messageId)
  const held = messages.entries.get(key)?.held ?? false
  const entry = entryOf({ key, messageId, mine, userId, text, at, held, ...draftAt(now, text) })
  return edited(messages, (all) => lives.begin(all, entry, now), messages.over)
}

/** When it leaves this page. Refused and late messages wait for their author, held ones for their reader. */
const leavesAt = ({ state, held, goesAt: at }: Entry) =>
  state === 'refused' || state === 'late' || (held && state === 'sent') ? Infinity : at

/** Removes what ended by `now`. Our pending messages become late instead. */
export function cull(messages: Messages, now: number): Messages {
  let tooMany = -KEPT_MAX
  for (const entry of messages.entries.values()) if (isKept(entry, now)) tooMany += 1
  if (tooMany <= 0 && !lives.isDue(messages, now, leavesAt)) return messages
  return edited(messages, (all) => {
    const { entries } = all
    for (const [key, entry] of entries) {
      if (entry.state === 'pending' && entry.goesAt <= now)
        entries.set(key, { ...entry, state: 'late' })
    }
    lives.cull(all, now, leavesAt)
    // The oldest of those that are past their end.
    for (const [key, entry] of entries) {
      if (tooMany > 0 && !entry.held && isKept(entry, now) && entries.delete(key)) tooMany -= 1
    }
    return true
  })
}

const isKept = ({ state, expiresAt, goesAt: at }: Entry, now: number) =>
  state === 'sent' && expiresAt <= now && at > now

/** The next moment at which `cull` has something to do; Infinity: never. */
export const nextCull = (messages: Messages): number => lives.nextEnd(messages.entries, leavesAt)

/** Removes the drafts of others who left; their messages stay. */
export const endDrafts = (messages: Messages, isGone: (userId: string) => boolean): Messages =>
  edited(messages, (all) => lives.endDrafts(all, isGone).length > 0, messages.over)

/** The owner cleared what was sent until then. Our unsent messages stay. */
export const clear = (messages: Messages, until: number): Messages =>
  edited(messages, (all) => lives.clear(all, until))

/** The server's clock was set (W85). */
export const shift = (messages: Messages, ms: number): Messages =>
  edited(messages, (all) => {
    lives.shift(all, ms, (entry) => ({
      ...entry,
      goesAt: entry.goesAt + ms,
      ...(entry.error?.retryAt !== undefined && {
        error: { ...entry.error, retryAt: entry.error.retryAt + ms },
      }),
    }))
    return true
  })

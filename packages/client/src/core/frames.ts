/*
 * The frames as a client reads them, and the one place that reads them.
 *
 * wire.ts has what the server of this version sends. Here a type has only the fields that a client uses, and what an older
 * server leaves out is optional. `readFrame` checks everything: what is not a known frame becomes undefined and is ignored
 * (docs/protocol.md, section 3: "A client ignores types that it does not know").
 */
import { isKind } from './reactions.ts'
import type { ToldRules } from './rules.ts'
import type * as wire from './wire.ts'

export { SUBPROTOCOL } from './wire.ts'
export type { ClientFrame } from './wire.ts'

export type Position = wire.Position
export type User = wire.Member
/** How long a message lives (W12), ms. */
export type Ttl = wire.Life

/** Without `strokes_per_minute` the server knows no strokes (W114). */
export type Limits = Pick<wire.Limits, 'payload_characters' | 'roster' | 'name_characters'> &
  Partial<Pick<wire.Limits, 'frame_bytes' | 'strokes_per_minute'>>

export const DEFAULT_LIMITS: Limits = {
  payload_characters: 500,
  roster: 200,
  name_characters: 32,
}

/** Until `user_sync` gives the server's values. */
export const DEFAULT_TTL: Ttl = {
  base: 5000,
  per_character: 50,
  free_characters: 60,
  max: 12_000,
}

export type ChatFrame = Omit<wire.Chat, 'channel_id'>

/** A stroke while it is drawn; a finished one has all fields. Its points are checked where they are used. */
export type StrokeFrame = Pick<wire.Drawing, 'type' | 'message_id' | 'user_id'> & {
  readonly points: unknown
} & Partial<Pick<wire.Stroke, 'name' | 'color' | 'timestamp' | 'expires_at'>>

export type UserSync = Omit<
  wire.UserSync,
  'message_id' | 'connection_id' | 'messages' | 'strokes' | 'limits'
> & {
  readonly messages: readonly ChatFrame[]
  readonly strokes?: readonly StrokeFrame[]
  readonly limits: Limits
}

/** What every event has, and no client needs (W102). */
type Stamp = 'message_id' | 'channel_id' | 'timestamp'

export type PresenceFrame =
  Omit<wire.UserJoined, Stamp> | Omit<wire.UserLeft, Stamp> | wire.UserUpdated | wire.UserCount

export type AckFrame = wire.Ack
export type TypingFrame = wire.Typing
export type ReactionFrame = wire.Reaction
export type ViewFrame = wire.View
export type ViewMessage = wire.ShowView
export type ActivityFrame = wire.ActivityFrame
export type PaceFrame = wire.PaceFrame
export type ErrorFrame = wire.Error

export type ServerFrame =
  | UserSync
  | PresenceFrame
  | ChatFrame
  | StrokeFrame
  | Exclude<
      wire.ServerFrame,
      {
        type:
          | 'user_sync'
          | PresenceFrame['type']
          | 'chat'
          | 'stroke'
          | 'authenticated'
          | 'sealed'
          | 'channel_updated'
      }
    >
  | ({ readonly type: 'channel_updated' } & ToldRules)

type Fields = Record<string, unknown>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => Number.isFinite(value)
const isListOf = (value: unknown, fits: (item: unknown) => boolean) =>
  Array.isArray(value) && value.every(fits)

const names = (list: string) => list.match(/\w+/g) ?? []

/** Whether an object has these fields; `texts` and `numbers`: their names, with a space between. */
function has(value: unknown, texts: string, numbers = ''): value is Fields {
  return (
    isObject(value) &&
    names(texts).every((name) => isText(value[name])) &&
    names(numbers).every((name) => isNumber(value[name]))
  )
}

const isPosition = (value: unknown) =>
  isObject(value) &&
  isNumber(value.x) &&
  isNumber(value.y) &&
  (value.anchor === undefined || isText(value.anchor))
const isUser = (value: unknown) => has(value, 'user_id name color')
const isLandmark = (value: unknown) => has(value, 'name') && isPosition(value.position)
const isCursor = (value: unknown) =>
  Array.isArray(value) && isText(value[0]) && isNumber(value[1]) && isNumber(value[2])
const isPlace = (value: unknown) =>
  Array.isArray(value) && value.length >= 4 && value.every(isNumber)
const isChat = (value: unknown) =>
  has(value, 'message_id user_id payload name color', 'timestamp expires_at') &&
  isPosition(value.position)

/** Absent: there are none. */
const hasLandmarks = ({ landmarks = [] }: Fields) => isListOf(landmarks, isLandmark)

/** Only what a position has, of an object that may have more. */
export const toPosition = ({ x, y, anchor }: Position): Position =>
  anchor ? { x, y, anchor } : { x, y }

/** A known, well-formed frame, or undefined. */
export function readFrame(data: unknown): ServerFrame | undefined {
  if (!isText(data)) return undefined
  let frame: unknown
  try {
    frame = JSON.parse(data)
  } catch {
    return undefined
  }
  return isObject(frame) && fits(frame) ? (frame as unknown as ServerFrame) : undefined
}

function fits(f: Fields): boolean {
  switch (f.type) {
    case 'user_sync':
      return (
        has(f, 'epoch channel_id user_id', 'seq user_count timestamp') &&
        isListOf(f.users, isUser) &&
        isListOf(f.messages, isChat) &&
        isObject(f.ttl) &&
        has(f.ttl, '', 'base per_character free_characters max') &&
        isObject(f.limits) &&
        (f.rules === undefined || (isObject(f.rules) && hasLandmarks(f.rules)))
      )
    case 'user_joined':
    case 'user_updated':
      return has(f, 'epoch', 'seq') && isUser(f)
    case 'user_left':
      return has(f, 'epoch user_id', 'seq')
    case 'user_count':
      return has(f, 'epoch', 'seq count')
    case 'chat':
      return isChat(f)
    case 'ack':
      return has(f, 'message_id', 'timestamp expires_at')
    case 'typing':
      return has(f, 'message_id user_id payload') && isPosition(f.position)
    case 'cursors':
      return (
        isListOf(f.cursors, isCursor) &&
        (f.anchors === undefined ||
          (isObject(f.anchors) && isListOf(Object.values(f.anchors), isText)))
      )
    case 'reaction':
      return has(f, 'user_id') && isKind(f.kind) && isPosition(f.position)
    case 'stroke':
      return has(f, 'message_id user_id')
    case 'followed':
      return has(f, 'user_id')
    case 'view':
      return (
        has(f, 'user_id', 'width height') &&
        isPosition(f.position) &&
        Math.min(f.width as number, f.height as number) > 0
      )
    case 'crowd':
      return typeof f.on === 'boolean'
    case 'pace':
      return (
        has(f, '', 'cursors_per_second drafts_per_second') &&
        Math.min(f.cursors_per_second as number, f.drafts_per_second as number) > 0
      )
    case 'activity':
      return has(f, '', 'size') && (f.size as number) > 0 && isListOf(f.places, isPlace)
    case 'degraded':
    case 'restored':
      return true
    case 'channel_updated':
      return has(f, 'owner', 'slow_ms') && hasLandmarks(f)
    case 'cleared':
      return has(f, 'by', 'timestamp')
    case 'notice':
      return has(f, 'text', 'timestamp')
    case 'profiles':
      return isListOf(f.users, isUser)
    case 'pong':
      return has(f, '', 't timestamp')
    case 'clock':
      return has(f, '', 'timestamp shift')
    case 'error':
      return has(f, 'code message')
    default:
      return false
  }
}

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
          | 'channel_updated'
      }
    >
  | ({ readonly type: 'channel_updated' } & ToldRules)

type Fields = Record<string, unknown>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => Number.isFinite(value)
const hasText = (f: Fields, ...names: string[]) => names.every((name) => isText(f[name]))
const hasNumber = (f: Fields, ...names: string[]) => names.every((name) => isNumber(f[name]))
const hasCount = (f: Fields) => hasText(f, 'epoch') && hasNumber(f, 'seq')

function isPosition(value: unknown): value is Position {
  return isObject(value) && hasNumber(value, 'x', 'y')
}

const isLandmark = (value: unknown) =>
  isObject(value) && isText(value.name) && isPosition(value.position)

/** Absent: there are none. */
const hasLandmarks = ({ landmarks = [] }: Fields) =>
  Array.isArray(landmarks) && landmarks.every(isLandmark)

function isUser(value: unknown): value is User {
  return isObject(value) && hasText(value, 'user_id', 'name', 'color')
}

function isChat(value: unknown): value is ChatFrame {
  return (
    isObject(value) &&
    hasText(value, 'message_id', 'user_id', 'payload', 'name', 'color') &&
    hasNumber(value, 'timestamp', 'expires_at') &&
    isPosition(value.position)
  )
}

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
        hasCount(f) &&
        hasText(f, 'channel_id', 'user_id') &&
        hasNumber(f, 'user_count', 'timestamp') &&
        Array.isArray(f.users) &&
        f.users.every(isUser) &&
        Array.isArray(f.messages) &&
        f.messages.every(isChat) &&
        isObject(f.ttl) &&
        hasNumber(f.ttl, 'base', 'per_character', 'free_characters', 'max') &&
        isObject(f.limits) &&
        (f.rules === undefined || (isObject(f.rules) && hasLandmarks(f.rules)))
      )
    case 'user_joined':
      return hasCount(f) && isUser(f)
    case 'user_left':
      return hasCount(f) && hasText(f, 'user_id')
    case 'user_updated':
      return hasCount(f) && hasText(f, 'user_id', 'name', 'color')
    case 'user_count':
      return hasCount(f) && hasNumber(f, 'count')
    case 'chat':
      return isChat(f)
    case 'ack':
      return hasText(f, 'message_id') && hasNumber(f, 'timestamp', 'expires_at')
    case 'typing':
      return hasText(f, 'message_id', 'user_id', 'payload') && isPosition(f.position)
    case 'cursors':
      return (
        Array.isArray(f.cursors) &&
        f.cursors.every(
          (c: unknown) => Array.isArray(c) && isText(c[0]) && isNumber(c[1]) && isNumber(c[2]),
        )
      )
    case 'reaction':
      return hasText(f, 'user_id') && isKind(f.kind) && isPosition(f.position)
    case 'stroke':
      return hasText(f, 'message_id', 'user_id')
    case 'followed':
      return hasText(f, 'user_id')
    case 'view':
      return (
        hasText(f, 'user_id') &&
        isPosition(f.position) &&
        hasNumber(f, 'width', 'height') &&
        Math.min(f.width as number, f.height as number) > 0
      )
    case 'degraded':
    case 'restored':
      return true
    case 'channel_updated':
      return hasText(f, 'owner') && hasNumber(f, 'slow_ms') && hasLandmarks(f)
    case 'cleared':
      return hasText(f, 'by') && hasNumber(f, 'timestamp')
    case 'profiles':
      return Array.isArray(f.users) && f.users.every(isUser)
    case 'pong':
      return hasNumber(f, 't', 'timestamp')
    case 'clock':
      return hasNumber(f, 'timestamp', 'shift')
    case 'error':
      return hasText(f, 'code', 'message')
    default:
      return false
  }
}

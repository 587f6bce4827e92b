/*
 * The frames of docs/protocol.md, version 1, as types, and the one place that reads them.
 *
 * `readFrame` checks everything: what is not a known frame becomes undefined and is ignored (section 3: "a client ignores
 * types it does not know").
 */
import { isKind, type Kind } from './reactions'
import type { LandmarkFrame, Rules, ToldRules } from './rules'
import type { LimitsOfStrokes, PostStroke, StrokeFrame } from './strokes'

export const SUBPROTOCOL = 'asocial.v1'

export interface Position {
  readonly x: number
  readonly y: number
}

export interface User {
  readonly user_id: string
  readonly name: string
  readonly color: string
  readonly joined_at: number
  /** W31; absent: true */
  readonly on_map?: boolean | undefined
}

export interface Limits extends LimitsOfStrokes {
  readonly payload_characters: number
  readonly roster: number
  readonly name_characters: number
}

export const DEFAULT_LIMITS: Limits = { payload_characters: 500, roster: 200, name_characters: 32 }

/** How long a message lives (W12), ms. */
export interface Ttl {
  readonly base: number
  readonly per_character: number
  readonly free_characters: number
  readonly max: number
}

interface Counted {
  readonly epoch: string
  readonly seq: number
}

export interface ChatFrame {
  readonly type: 'chat'
  readonly message_id: string
  readonly user_id: string
  readonly name: string
  readonly color: string
  readonly payload: string
  readonly position: Position
  readonly timestamp: number
  readonly expires_at: number
  readonly on_map?: boolean
  /** posted with an API key (W130) */
  readonly bot?: boolean
}

export interface UserSync extends Counted {
  readonly type: 'user_sync'
  readonly channel_id: string
  readonly user_id: string
  readonly token?: string
  readonly users: readonly User[]
  readonly user_count: number
  readonly messages: readonly ChatFrame[]
  readonly strokes?: readonly StrokeFrame[]
  readonly timestamp: number
  readonly ttl: Ttl
  readonly limits: Limits
  readonly rules?: ToldRules & Pick<Rules, 'rights' | 'yours'>
  /** the channel is a crowd (W160) */
  readonly crowd?: boolean
}

export type PresenceFrame =
  | (Counted & { readonly type: 'user_joined' } & User)
  | (Counted & { readonly type: 'user_left'; readonly user_id: string })
  | (Counted & {
      readonly type: 'user_updated'
      readonly user_id: string
      readonly name: string
      readonly color: string
      readonly on_map?: boolean
    })
  | (Counted & { readonly type: 'user_count'; readonly count: number })

export interface AckFrame {
  readonly type: 'ack'
  readonly message_id: string
  readonly timestamp: number
  readonly expires_at: number
}

export interface TypingFrame {
  readonly type: 'typing'
  readonly message_id: string
  readonly user_id: string
  readonly payload: string
  readonly position: Position
}

export interface ReactionFrame {
  readonly type: 'reaction'
  readonly user_id: string
  readonly kind: Kind
  readonly position: Position
}

export interface ViewFrame {
  readonly type: 'view'
  readonly user_id: string
  readonly position: Position
  readonly width: number
  readonly height: number
}

export interface ErrorFrame {
  readonly type: 'error'
  readonly code: string
  readonly message: string
  readonly retry_after?: number
  /** which limit was reached (W72) */
  readonly limit?: string
  readonly message_id?: string
}

export type ServerFrame =
  | UserSync
  | PresenceFrame
  | ChatFrame
  | AckFrame
  | TypingFrame
  | StrokeFrame
  | ReactionFrame
  | ViewFrame
  | { readonly type: 'followed'; readonly user_id: string }
  | ErrorFrame
  | { readonly type: 'cursors'; readonly cursors: readonly (readonly [string, number, number])[] }
  | { readonly type: 'profiles'; readonly users: readonly User[] }
  | { readonly type: 'pong'; readonly t: number; readonly timestamp: number }
  | { readonly type: 'clock'; readonly timestamp: number; readonly shift: number }
  | { readonly type: 'crowd'; readonly on: boolean }
  | { readonly type: 'degraded' }
  | { readonly type: 'restored' }
  | ({ readonly type: 'channel_updated' } & ToldRules)
  | { readonly type: 'cleared'; readonly by: string; readonly timestamp: number }

interface Written {
  message_id: string
  payload: string
  position: Position
}

export type ClientFrame =
  | ({ type: 'chat' } & Written)
  | ({ type: 'typing' } & Written)
  | PostStroke
  | { type: 'cursor'; position: Position }
  | { type: 'reaction'; kind: Kind; position: Position }
  | { type: 'follow'; user_id: string }
  | { type: 'view'; position: Position; width: number; height: number }
  | { type: 'profile'; name: string; color: string; on_map?: boolean }
  | { type: 'who'; user_ids: string[] }
  | { type: 'sync' }
  | { type: 'ping'; t: number }
  | { type: 'auth'; token: string }
  | {
      type: 'moderate'
      action: 'remove' | 'slow' | 'read_only' | 'private' | 'clear'
      user_id?: string
      slow_ms?: number
      on?: boolean
    }
  | LandmarkFrame

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
    case 'crowd':
      return typeof f.on === 'boolean'
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

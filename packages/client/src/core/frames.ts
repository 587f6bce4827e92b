/*
 * The frames as a client reads them, and the one place that reads them.
 *
 * wire.ts has what the server of this version sends. Here a type has only the fields that a client uses, and what an older
 * server leaves out is optional. `readFrame` checks everything: what is not a known frame becomes undefined and is ignored
 * (docs/protocol.md, section 3: "A client ignores types that it does not know").
 */
import type { ToldRules } from './rules.ts'
import { NAME_CHARACTERS } from './wire.ts'
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
  name_characters: NAME_CHARACTERS,
}

/** Until `user_sync` gives the server's values. */
export const DEFAULT_TTL: Ttl = {
  base: 5000,
  per_character: 50,
  free_characters: 60,
  max: 12_000,
}

export type ChatFrame = Omit<wire.Chat, 'channel_id'>

/** A stroke while it is drawn; a finished one has all fields. */
export type StrokeFrame = wire.Drawing &
  Partial<Pick<wire.Stroke, 'name' | 'color' | 'timestamp' | 'expires_at'>>

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
const isListOf = (value: unknown, fits: (item: unknown[]) => unknown) =>
  Array.isArray(value) && value.every(fits as (item: unknown) => unknown)

const isNumbers = (value: unknown): value is number[] => isListOf(value, isNumber)
const isPoint = (value: unknown) => isNumbers(value) && value.length > 1

/**
 * The fields of each frame, and of its parts: `.user`. `#`: a number, `+`: one above 0. Other fields are in FORMS, or texts.
 */
const FIELDS = new Map<unknown, readonly string[]>(
  [
    'user_sync epoch #seq user_id users messages strokes ttl limits rules #user_count #timestamp',
    'user_joined epoch #seq user_id name color',
    'user_updated epoch #seq user_id name color',
    'user_left epoch #seq user_id',
    'user_count epoch #seq #count',
    'chat message_id user_id payload name color position #timestamp #expires_at',
    'ack message_id #timestamp #expires_at',
    'typing message_id user_id payload position',
    'cursors cursors anchors',
    'reaction user_id position kind',
    'stroke message_id user_id points',
    'followed user_id',
    'view user_id position +width +height',
    'crowd on',
    'pace +cursors_per_second +drafts_per_second',
    'activity places +size',
    'degraded',
    'restored',
    'channel_updated owner landmarks #slow_ms',
    'cleared by #timestamp',
    'notice text #timestamp',
    'profiles users',
    'pong #t #timestamp',
    'clock #shift #timestamp',
    'error code message',
    '.position #x #y anchor',
    '.user user_id name color',
    '.ttl #base #per_character #free_characters #max',
    '.rules landmarks',
    '.landmark name position',
  ].map((line) => {
    const [type, ...fields] = line.split(' ')
    return [type, fields]
  }),
)

/** A field with one of these names has the same form in every frame. */
const FORMS: Readonly<Record<string, (value: unknown) => boolean>> = {
  position: (value) => has(value, '.position'),
  anchor: (value = '') => isText(value),
  users: (value) => isListOf(value, (user) => has(user, '.user')),
  messages: (value) => isListOf(value, (chat) => has(chat, 'chat')),
  strokes: (value = []) => isListOf(value, (stroke) => has(stroke, 'stroke')),
  points: (value) => isListOf(value, isPoint),
  ttl: (value) => has(value, '.ttl'),
  limits: isObject,
  rules: (value = {}) => has(value, '.rules'),
  landmarks: (value = []) => isListOf(value, (landmark) => has(landmark, '.landmark')),
  cursors: (value) => isListOf(value, ([id, ...at]: unknown[]) => isText(id) && isPoint(at)),
  anchors: (value = {}) => isObject(value) && Object.values(value).every(isText),
  on: (value) => typeof value === 'boolean',
  places: (value) => isListOf(value, (place) => isNumbers(place) && place.length > 3),
}

/** Whether a value is an object with the fields of a frame, or of a part of one. False: no frame has this type. */
function has(value: unknown, type: unknown): value is Fields {
  const fields = FIELDS.get(type)
  const fits = (field: string) => {
    const number = (value as Fields)[field.slice(1)]
    if (field.startsWith('#')) return isNumber(number)
    if (field.startsWith('+')) return isNumber(number) && number > 0
    return (FORMS[field] ?? isText)((value as Fields)[field])
  }
  return isObject(value) && fields?.every(fits) === true
}

/** To one decimal, as the server rounds points (W111). */
export const rounded = (length: number) => Math.round(length * 10) / 10

/** Only what a position has, of an object that may have more. */
export const toPosition = ({ x, y, anchor }: Position): Position =>
  anchor ? { x, y, anchor } : { x, y }

/** A known, well-formed frame, or undefined. */
export function readFrame(data: unknown): ServerFrame | undefined {
  try {
    const frame = JSON.parse(data as string) as { type?: unknown }
    return has(frame, frame.type) ? (frame as unknown as ServerFrame) : undefined
  } catch {
    return undefined
  }
}

/*
 * The frames of the protocol (docs/protocol.md), made from src/asocial/protocol/schema.py by `make types`.
 * Do not edit.
 */

export const SUBPROTOCOL = 'asocial.v1'

export const NAME_CHARACTERS = 32
export const LANDMARK_CHARACTERS = 40
export const LANDMARKS_MAX = 20
export const POSITION_LIMIT = 10_000_000
export const STROKE_POINTS = 256

/** The colours of people (W23). */
export const COLORS = [
  'rust',
  'coral',
  'amber',
  'ochre',
  'olive',
  'moss',
  'fern',
  'jade',
  'teal',
  'lagoon',
  'azure',
  'cobalt',
  'indigo',
  'violet',
  'plum',
  'rose',
] as const

export interface PostChat {
  readonly type: 'chat'
  readonly message_id: string
  readonly payload: string
  readonly position: Position
}

/** A point of the plane in CSS pixels at zoom 1; x grows to the right, y downwards. */
export interface Position {
  readonly x: number
  readonly y: number
  readonly anchor?: string | undefined
}

export interface PostTyping {
  readonly type: 'typing'
  readonly message_id: string
  readonly payload: string
  readonly position: Position
}

/** A line so far; the whole line if done. Not done and without points: it was abandoned (W110). */
export interface PostStroke {
  readonly type: 'stroke'
  readonly message_id: string
  readonly points: readonly (readonly [number, number])[]
  readonly done?: boolean | undefined
}

export interface MoveCursor {
  readonly type: 'cursor'
  readonly position: Position
}

export interface PostReaction {
  readonly type: 'reaction'
  readonly kind: 'agree' | 'heart' | 'laugh' | 'point' | 'question' | 'spark' | 'wave'
  readonly position: Position
}

export interface ShowView {
  readonly type: 'view'
  readonly position: Position
  readonly width: number
  readonly height: number
}

export interface Follow {
  readonly type: 'follow'
  readonly user_id: string
}

export interface SetProfile {
  readonly type: 'profile'
  readonly name: string
  readonly color: string
  readonly on_map?: boolean | undefined
}

export interface AskWho {
  readonly type: 'who'
  readonly user_ids: readonly string[]
}

export interface AskSync {
  readonly type: 'sync'
}

export interface Ping {
  readonly type: 'ping'
  readonly t: number
}

export interface Authenticate {
  readonly type: 'auth'
  readonly token: string
}

export interface Moderate {
  readonly type: 'moderate'
  readonly action:
    | 'clear'
    | 'place_landmark'
    | 'private'
    | 'read_only'
    | 'remove'
    | 'remove_landmark'
    | 'rename_landmark'
    | 'slow'
  readonly user_id?: string | undefined
  readonly seconds?: number | undefined
  readonly slow_ms?: number | undefined
  readonly on?: boolean | undefined
  readonly name?: string | undefined
  readonly new_name?: string | undefined
  readonly position?: Position | null | undefined
  readonly box?: string | undefined
}

/** What the server passes on without reading it (W193). An empty box ends a draft or a stroke being drawn. */
export interface PostSealed {
  readonly type: 'sealed'
  readonly kind:
    'chat' | 'cursor' | 'drawing' | 'profile' | 'reaction' | 'stroke' | 'typing' | 'view'
  readonly box: string
  readonly message_id?: string | undefined
}

export interface UserSync {
  readonly type: 'user_sync'
  readonly message_id: string
  readonly channel_id: string
  readonly user_id: string
  readonly connection_id: string
  readonly token?: string | undefined
  readonly users: readonly Member[]
  readonly user_count: number
  readonly messages: readonly Chat[]
  readonly strokes?: readonly Stroke[] | undefined
  readonly timestamp: number
  readonly ttl: Life
  readonly limits: Limits
  readonly epoch: string
  readonly seq: number
  readonly rules?: RulesView | undefined
  readonly expires_at?: number | undefined
  readonly crowd?: boolean | undefined
}

/** A user who is present in a channel, since joined_at (ms, server clock). */
export interface Member {
  readonly user_id: string
  readonly name: string
  readonly color: string
  readonly joined_at: number
  readonly on_map?: boolean | undefined
}

export interface Chat {
  readonly type: 'chat'
  readonly message_id: string
  readonly channel_id: string
  readonly user_id: string
  readonly name: string
  readonly color: string
  readonly payload: string
  readonly position: Position
  readonly timestamp: number
  readonly expires_at: number
  readonly on_map?: boolean | undefined
  readonly bot?: boolean | undefined
}

/** A finished stroke. */
export interface Stroke {
  readonly type: 'stroke'
  readonly message_id: string
  readonly channel_id: string
  readonly user_id: string
  readonly name: string
  readonly color: string
  readonly points: readonly (readonly [number, number])[]
  readonly timestamp: number
  readonly expires_at: number
  readonly on_map?: boolean | undefined
}

/** How long messages live: base ms, plus per_character ms for each past free_characters, at most max ms. */
export interface Life {
  readonly base: number
  readonly per_character: number
  readonly free_characters: number
  readonly max: number
}

/** The limits on a client, sent in user_sync. 0 messages or strokes per minute or second means no limit. */
export interface Limits {
  readonly frame_bytes: number
  readonly messages_per_minute: number
  readonly messages_per_minute_per_ip: number
  readonly channel_messages_per_second: number
  readonly connections_per_user: number
  readonly roster: number
  readonly drafts_per_second: number
  readonly cursors_per_second: number
  readonly strokes_per_minute: number
  readonly payload_characters: number
  readonly name_characters: number
  readonly position: number
}

/** A channel's rules as one user sees them: rights to read or to write; yours: the user owns the channel. */
export interface RulesView {
  readonly owner: string
  readonly slow_ms: number
  readonly read_only: boolean
  readonly private: boolean
  readonly rights: 'read' | 'write'
  readonly yours: boolean
  readonly landmarks?: readonly Landmark[] | undefined
}

/** box: in a sealed channel, name and place as its clients encrypted them; name is then an id (W196). */
export interface Landmark {
  readonly name: string
  readonly position: Position
  readonly box?: string | undefined
}

export interface UserJoined {
  readonly type: 'user_joined'
  readonly message_id: string
  readonly channel_id: string
  readonly timestamp: number
  readonly user_id: string
  readonly name: string
  readonly color: string
  readonly joined_at: number
  readonly epoch: string
  readonly seq: number
  readonly on_map?: boolean | undefined
}

export interface UserLeft {
  readonly type: 'user_left'
  readonly message_id: string
  readonly channel_id: string
  readonly timestamp: number
  readonly user_id: string
  readonly epoch: string
  readonly seq: number
}

export interface UserUpdated {
  readonly type: 'user_updated'
  readonly user_id: string
  readonly name: string
  readonly color: string
  readonly epoch: string
  readonly seq: number
  readonly on_map?: boolean | undefined
}

export interface UserCount {
  readonly type: 'user_count'
  readonly count: number
  readonly epoch: string
  readonly seq: number
}

export interface Ack {
  readonly type: 'ack'
  readonly message_id: string
  readonly timestamp: number
  readonly expires_at: number
}

export interface Typing {
  readonly type: 'typing'
  readonly message_id: string
  readonly user_id: string
  readonly payload: string
  readonly position: Position
}

/** A stroke while it is drawn. */
export interface Drawing {
  readonly type: 'stroke'
  readonly message_id: string
  readonly user_id: string
  readonly points: readonly (readonly [number, number])[]
}

export interface Cursors {
  readonly type: 'cursors'
  readonly cursors: readonly (readonly [string, number, number])[]
  readonly anchors?: Readonly<Record<string, string>> | undefined
}

export interface Reaction {
  readonly type: 'reaction'
  readonly user_id: string
  readonly kind: 'agree' | 'heart' | 'laugh' | 'point' | 'question' | 'spark' | 'wave'
  readonly position: Position
}

export interface Followed {
  readonly type: 'followed'
  readonly user_id: string
}

export interface View {
  readonly type: 'view'
  readonly user_id: string
  readonly position: Position
  readonly width: number
  readonly height: number
}

export interface Profiles {
  readonly type: 'profiles'
  readonly users: readonly Member[]
}

export interface Pong {
  readonly type: 'pong'
  readonly t: number
  readonly timestamp: number
}

export interface Degraded {
  readonly type: 'degraded'
}

export interface Restored {
  readonly type: 'restored'
}

export interface Error {
  readonly type: 'error'
  readonly code: string
  readonly message: string
  readonly retry_after?: number | undefined
  readonly limit?: string | undefined
  readonly message_id?: string | undefined
}

export interface Authenticated {
  readonly type: 'authenticated'
  readonly expires_at: number | null
}

export interface ChannelUpdated {
  readonly type: 'channel_updated'
  readonly owner: string
  readonly slow_ms: number
  readonly read_only: boolean
  readonly private: boolean
  readonly by: string
  readonly timestamp: number
  readonly landmarks?: readonly Landmark[] | undefined
}

export interface Cleared {
  readonly type: 'cleared'
  readonly by: string
  readonly timestamp: number
}

export interface ClockSet {
  readonly type: 'clock'
  readonly timestamp: number
  readonly shift: number
}

/** What an operator tells everyone (W150). */
export interface Notice {
  readonly type: 'notice'
  readonly text: string
  readonly timestamp: number
}

/** The channel has become a crowd, or is none any more (W160). */
export interface CrowdFrame {
  readonly type: 'crowd'
  readonly on: boolean
}

/** How often a client of a crowd is asked to send (W167). */
export interface PaceFrame {
  readonly type: 'pace'
  readonly cursors_per_second: number
  readonly drafts_per_second: number
}

/** Where something happens in a crowd (W166): places of (x, y, people, messages), squares with side size. */
export interface ActivityFrame {
  readonly type: 'activity'
  readonly size: number
  readonly whole: boolean
  readonly places: readonly (readonly [number, number, number, number])[]
}

/** What a member of a sealed channel sent. With expires_at it is a message or a finished stroke. */
export interface Sealed {
  readonly type: 'sealed'
  readonly kind:
    'chat' | 'cursor' | 'drawing' | 'profile' | 'reaction' | 'stroke' | 'typing' | 'view'
  readonly user_id: string
  readonly box: string
  readonly message_id?: string | undefined
  readonly timestamp?: number | undefined
  readonly expires_at?: number | undefined
}

export type ClientFrame =
  | PostChat
  | PostTyping
  | PostStroke
  | MoveCursor
  | PostReaction
  | ShowView
  | Follow
  | SetProfile
  | AskWho
  | AskSync
  | Ping
  | Authenticate
  | Moderate
  | PostSealed

export type ServerFrame =
  | UserSync
  | UserJoined
  | UserLeft
  | UserUpdated
  | UserCount
  | Chat
  | Ack
  | Typing
  | Drawing
  | Stroke
  | Cursors
  | Reaction
  | Followed
  | View
  | Profiles
  | Pong
  | Degraded
  | Restored
  | Error
  | Authenticated
  | ChannelUpdated
  | Cleared
  | ClockSet
  | Notice
  | CrowdFrame
  | PaceFrame
  | ActivityFrame
  | Sealed

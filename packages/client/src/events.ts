/*
 * What happens in a channel: the events, who listens to them, and the queue of an iteration.
 */
import type { ChannelClosed, NotSent } from './errors.ts'
import type { Kind } from './core/reactions.ts'
import type { Rules as RulesFrame } from './core/rules.ts'
import type { Position, User } from './core/frames.ts'

/** Times are ms on the server's clock (`channel.now()`). */
export interface Message {
  readonly id: string
  readonly userId: string
  readonly name: string
  readonly color: string
  readonly text: string
  readonly x: number
  readonly y: number
  /** what it belongs to on a web page (W180) */
  readonly anchor?: string | undefined
  readonly sentAt: number
  readonly expiresAt: number
  /** this client's user wrote it */
  readonly mine: boolean
  /** a program posted it with an API key */
  readonly bot: boolean
}

/** What somebody is typing. Without `text`: they gave it up, or did not change it for ten seconds. */
export interface Draft {
  readonly messageId: string
  readonly userId: string
  readonly text: string
  readonly x: number
  readonly y: number
  /** what it belongs to on a web page (W180) */
  readonly anchor?: string | undefined
}

export interface Person {
  readonly userId: string
  readonly name: string
  readonly color: string
  readonly joinedAt: number
  /** false: not to be shown on maps (W31) */
  readonly onMap: boolean
}

/** A finished line that somebody drew, through `points`. */
export interface Stroke {
  readonly id: string
  readonly userId: string
  readonly name: string
  readonly color: string
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly sentAt: number
  readonly expiresAt: number
  /** this client's user drew it */
  readonly mine: boolean
}

export interface Pointer extends Position {
  readonly userId: string
}

/** The middle of a square, and what is in it. */
export interface Place extends Position {
  readonly people: number
  readonly messages: number
}

export interface Activity {
  /** the side of the squares */
  readonly size: number
  /** true: these are all that are not empty; false: those that changed, to add to what was known */
  readonly whole: boolean
  readonly places: readonly Place[]
}

export interface Landmark extends Position {
  readonly name: string
}

/** The rules of a channel, and what this client's user may do. */
export interface Rules {
  /** the user id of the owner, or empty */
  readonly owner: string
  readonly slowMs: number
  readonly readOnly: boolean
  readonly private: boolean
  readonly rights: 'read' | 'write'
  /** this client's user may moderate */
  readonly yours: boolean
  readonly landmarks: readonly Landmark[]
}

export interface Events {
  /** live, at first and after each break: `people` and `messages` are up to date */
  connected: undefined
  /** the connection broke, and is made again at `retryMs` from now */
  disconnected: { readonly code: number; readonly reason: string; readonly retryMs: number }
  /** for good: no event follows */
  closed: ChannelClosed
  /** a message of somebody else, or one of this user's from another client */
  message: Message
  /** a message has come to its end, or the owner cleared it */
  expired: Message
  draft: Draft
  /** somebody finished a line; the lines that live are in `channel.strokes` */
  stroke: Stroke
  joined: Person
  left: Person
  profile: Person
  /** how many people are here; in a large channel in place of `joined` and `left` (W20) */
  count: number
  pointer: Pointer
  reaction: Pointer & { readonly kind: Kind }
  /** somebody follows this user, and sees what `view` said last (W32) */
  followed: { readonly userId: string }
  /** the view of a user who is followed: its middle and its size */
  view: Pointer & { readonly width: number; readonly height: number }
  /** the channel became a crowd, in which a client gets only what it shows (`channel.view`), or is small again (W160) */
  crowd: { readonly on: boolean }
  /** how often the server wants pointers and drafts in a crowd (W167); the client obeys it by itself */
  pace: { readonly cursorsPerSecond: number; readonly draftsPerSecond: number }
  /** where people and messages are in a crowd (W166) */
  activity: Activity
  rules: Rules
  /** an operator of the server tells something to everybody in the channel (W150) */
  notice: { readonly text: string; readonly sentAt: number }
  /** the owner removed all messages and strokes; an `expired` for each message came before this */
  cleared: { readonly by: string }
  /** people on other server processes cannot be reached just now (W29) */
  degraded: undefined
  restored: undefined
  /** the server refused a frame that was not a message, such as one that only owners may send */
  error: NotSent
  /** the iteration was too slow: so many events were dropped */
  lagged: number
}

export type AnyEvent = {
  [Type in keyof Events]: { readonly type: Type; readonly data: Events[Type] }
}[keyof Events]

const QUEUE_MAX = 1_000

export type Emitter = ReturnType<typeof createEmitter>

export function createEmitter() {
  const listeners = new Set<(event: AnyEvent) => void>()
  let closed: ChannelClosed | undefined

  function emit<Type extends keyof Events>(type: Type, data: Events[Type]) {
    for (const listener of listeners) {
      // A listener may have closed the channel: nothing follows `closed`.
      if (closed && closed !== data) return
      try {
        listener({ type, data } as AnyEvent)
      } catch (error) {
        // It must not stop the other listeners, nor the channel. The program sees an uncaught error.
        setTimeout(() => {
          throw error
        })
      }
    }
  }

  return {
    emit,
    closed: () => closed,

    /** The last event. What ended the channel first counts. */
    end(error: ChannelClosed) {
      closed ??= error
      emit('closed', error)
    },

    on<Type extends keyof Events>(type: Type, listener: (data: Events[Type]) => void) {
      const each = (event: AnyEvent) => {
        if (event.type === type) listener(event.data as Events[Type])
      }
      listeners.add(each)
      return () => void listeners.delete(each)
    },

    async *[Symbol.asyncIterator](): AsyncGenerator<AnyEvent, void> {
      const queue: AnyEvent[] = []
      let lost = 0
      let wake = () => {}
      const each = (event: AnyEvent) => {
        if (queue.push(event) > QUEUE_MAX) {
          queue.shift()
          lost += 1
        }
        wake()
      }
      listeners.add(each)
      try {
        for (;;) {
          if (lost > 0) {
            yield { type: 'lagged', data: lost }
            lost = 0
          }
          const event = queue.shift()
          if (event) yield event
          else if (closed) break
          else await new Promise<void>((resolve) => (wake = resolve))
        }
        if (closed.code !== 1000) throw closed
      } finally {
        listeners.delete(each)
      }
    },
  }
}

/** What a frame says, in the names of this API: `userId` for `user_id`, and `x` and `y` for a position. */
export function fieldsOf<Data>(frame: object): Data {
  const data: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(frame)) {
    if (name === 'position') Object.assign(data, value)
    else if (name !== 'type')
      data[name.replace(/_./g, ([, letter = '']) => letter.toUpperCase())] = value
  }
  return data as Data
}

export const personOf = (user: User): Person => ({
  ...fieldsOf<Person>(user),
  onMap: user.on_map !== false,
})

export const rulesOf = (rules: RulesFrame): Rules => ({
  ...fieldsOf<Rules>(rules),
  landmarks: rules.landmarks.map(fieldsOf<Landmark>),
})

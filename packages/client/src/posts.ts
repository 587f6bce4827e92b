/*
 * Our posts, from `say` to the server's answer.
 */
import { toPosition, type ClientFrame, type ErrorFrame, type Position } from './core/frames.ts'
import { drop, ownKey, post, type Entry } from './core/messages.ts'
import { monotonic } from './core/page.ts'
import { newId } from './core/random.ts'
import { type ChannelClosed, NotSent } from './errors.ts'
import type { Message } from './events.ts'
import type { Mirror } from './mirror.ts'

export interface SayOptions {
  /** The same id twice is one message (W10). */
  messageId?: string
  /** How long to try, 30,000 if absent. */
  timeoutMs?: number
}

/** after an error that says no time */
const AGAIN_MS = 200

interface Waiting {
  readonly deadline: number
  readonly settle: (answer: Message | Error) => void
  readonly say: () => void
}

export class Posts {
  #waiting = new Map<string, Waiting>()
  #mirror: Mirror
  #send: (frame: ClientFrame) => boolean

  constructor(mirror: Mirror, send: (frame: ClientFrame) => boolean) {
    this.#mirror = mirror
    this.#send = send
  }

  say(
    text: string,
    at: Position,
    { messageId = newId(), timeoutMs = 30_000 }: SayOptions,
  ): Promise<Message> {
    const mirror = this.#mirror
    const key = ownKey(messageId)
    const deadline = monotonic() + timeoutMs
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        settle(new NotSent('timeout', 'the server did not accept the message in time'))
      }, timeoutMs)
      const settle = (answer: Message | Error) => {
        clearTimeout(timer)
        this.#waiting.delete(messageId)
        if (!(answer instanceof Error)) return resolve(answer)
        mirror.put(drop(mirror.messages, key))
        reject(answer)
      }
      const say = () => {
        const userId = mirror.userId || undefined
        const own = { messageId, text, at: toPosition(at), userId }
        mirror.put(post(drop(mirror.messages, key), own, mirror.clock.now(), Infinity))
        const entry = mirror.messages.entries.get(key)
        if (entry) this.transmit(entry)
      }
      this.#waiting.set(messageId, { deadline, settle, say })
      say()
    })
  }

  transmit({ messageId, text, at }: Entry) {
    this.#send({ type: 'chat', message_id: messageId, payload: text, position: at })
  }

  /** The mirror has changed: which posts did the server accept? */
  settle() {
    for (const [messageId, { settle }] of this.#waiting) {
      const entry = this.#mirror.messages.entries.get(ownKey(messageId))
      if (entry?.state === 'sent') settle(this.#mirror.messageOf(entry))
    }
  }

  /** False: the error is not about a post. */
  refused({ message_id = '', code, message, limit, retry_after }: ErrorFrame): boolean {
    const waiting = this.#waiting.get(message_id)
    if (!waiting) return false
    const again = code === 'unavailable' ? AGAIN_MS : retry_after
    if (again !== undefined && monotonic() + again < waiting.deadline) {
      setTimeout(() => {
        if (this.#waiting.get(message_id) === waiting) waiting.say()
      }, again)
    } else waiting.settle(new NotSent(code, message, retry_after, limit))
    return true
  }

  /** The channel is closed for good. */
  end(error: ChannelClosed) {
    for (const { settle } of this.#waiting.values()) settle(error)
  }
}

/*
 * Our posts, from `say` or `stroke` to the server's answer. They know no state: mirror.ts keeps what was accepted.
 */
import type { AckFrame, ClientFrame, ErrorFrame } from './core/frames.ts'
import { isOurs } from './core/ours.ts'
import { monotonic } from './core/page.ts'
import { NotSent, type ChannelClosed } from './errors.ts'

export interface SayOptions {
  /** The same id twice is one message (W10). */
  messageId?: string | undefined
  /** How long to try, 30,000 if absent. */
  timeoutMs?: number | undefined
}

export type PostFrame = Extract<ClientFrame, { type: 'chat' | 'stroke' }>

/** An `ack`, or our own message as others get it, whose `ack` was lost. */
export type Answer = Pick<AckFrame, 'message_id' | 'timestamp' | 'expires_at'> & {
  readonly user_id?: string
}

/** after an error that says no time */
const AGAIN_MS = 200

interface Waiting {
  readonly frame: PostFrame
  /** who sent it */
  userId: string
  readonly deadline: number
  readonly settle: (answer: Answer | Error) => void
}

/** `self`: this client's user id. */
export function createPosts(send: (frame: ClientFrame) => boolean, self: () => string) {
  const all = new Set<Waiting>()
  const waiting = (messageId: string | undefined) =>
    [...all].filter(({ frame }) => frame.message_id === messageId)

  function transmit(post: Waiting) {
    post.userId = self()
    send(post.frame)
  }

  return {
    /** `keep`: takes in what was accepted, and returns what the promise resolves with. */
    post<Kept>(
      frame: PostFrame,
      timeoutMs: number | undefined = 30_000,
      keep: (answer: Answer) => Kept,
    ): Promise<Kept> {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          post.settle(new NotSent('timeout', 'timed out'))
        }, timeoutMs)
        const post: Waiting = {
          ...{ frame, userId: '', deadline: monotonic() + timeoutMs },
          settle(answer) {
            clearTimeout(timer)
            all.delete(post)
            if (answer instanceof Error) reject(answer)
            else resolve(keep(answer))
          },
        }
        all.add(post)
        transmit(post)
      })
    },

    /** Sends those without an answer again, after a reconnect (W10). */
    resend: () => all.forEach(transmit),

    /** False: the frame answers none of our posts. */
    accept(answer: Answer): boolean {
      return (
        waiting(answer.message_id)
          .filter(({ userId }) => isOurs(userId, answer))
          .map(({ settle }) => settle(answer)).length > 0
      )
    },

    /** Returns the error if it is not about a post. */
    refuse({ message_id, code, message, limit, retry_after }: ErrorFrame): NotSent | undefined {
      const error = new NotSent(code, message, retry_after, limit)
      const refused = waiting(message_id)
      const again = code === 'unavailable' ? AGAIN_MS : (retry_after ?? Infinity)
      for (const post of refused) {
        if (monotonic() + again < post.deadline) {
          setTimeout(() => all.has(post) && transmit(post), again)
        } else post.settle(error)
      }
      return refused.length > 0 ? undefined : error
    },

    /** The channel is closed for good. */
    end: (error: ChannelClosed) => all.forEach(({ settle }) => settle(error)),
  }
}

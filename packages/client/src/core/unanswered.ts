/*
 * After a break: the snapshot of a new connection, and our own messages that the server has not acknowledged. They go out
 * again after a reconnect, and are offered again after a reload. Pure.
 */
import type { ChatFrame, Position } from './frames.ts'
import { cull, endDrafts, onChat, post, type Entry, type Messages } from './messages.ts'

/** Our messages without an answer, oldest first: they are sent again after a reconnect (W10, W14). */
export function unanswered(messages: Messages): Entry[] {
  return [...messages.entries.values()].filter((entry) => entry.state === 'pending')
}

/** A snapshot came; `fresh`: the first one of a connection. */
export function onSnapshot(
  before: Messages,
  frames: readonly ChatFrame[],
  at: { selfId: string | undefined; now: number; fresh: boolean; isHere: (id: string) => boolean },
): Messages {
  const { selfId, now, fresh, isHere } = at
  let messages = cull(before, now)
  for (const frame of frames) messages = onChat(messages, frame, selfId, now)
  return fresh
    ? sentAs(
        endDrafts(messages, (id) => !isHere(id)),
        selfId,
      )
    : messages
}

/** Sets the user id of messages without an answer. */
export function sentAs(messages: Messages, userId: string | undefined): Messages {
  const entries = new Map(messages.entries)
  for (const entry of unanswered(messages)) entries.set(entry.key, { ...entry, userId })
  return { ...messages, entries }
}

/**
 * Adds texts from before a reload as late messages, for their author to send or discard. Those that were sent keep their
 * id, so that one which did arrive is recognized.
 */
export function offer(
  messages: Messages,
  texts: readonly { readonly text: string; readonly at: Position; readonly messageId?: string }[],
  newId: () => string,
): Messages {
  return texts.reduce((next, { text, at, messageId = newId() }) => {
    const sent = post(next, { messageId, text, at, userId: undefined }, 0, 0)
    return cull(sent, 0)
  }, messages)
}

/*
 * What lives on the canvas: messages and strokes until their end, drafts until they are posted or given up (W12 to W15, W112).
 * The page keeps more of a message (core/messages.ts), such as that its reader holds it.
 */
import { DRAFT_LIFE_MS, POSTED_MS } from './core/messages.ts'
import type { Draft, Emitter, Message, Stroke } from './events.ts'

/** `over`: a message or stroke that ended, so that a draft or a repetition of it that comes late is known (W13). */
type Kind = 'message' | 'stroke' | 'draft' | 'over'

interface Entry {
  readonly kind: Kind
  readonly data: Message | Stroke | Draft
  /** on the server's clock */
  readonly until: number
}

const keyOf = (userId: string, id: string) => `${userId}/${id}`

/** `now`: the server's clock. */
export function createCanvas(now: () => number, events: Emitter) {
  let entries = new Map<string, Entry>()
  let clearedUntil = -Infinity
  let timer: ReturnType<typeof setTimeout> | undefined

  function end(key: string, { kind, data, until }: Entry) {
    entries.delete(key)
    if (kind === 'draft') events.emit(kind, { ...(data as Draft), text: '' })
    else if (kind !== 'over') entries.set(key, { kind: 'over', data, until: until + POSTED_MS })
    if (kind === 'message') events.emit('expired', data as Message)
  }

  function endIf(isOver: (entry: Entry) => boolean) {
    for (const [key, entry] of [...entries]) if (isOver(entry)) end(key, entry)
  }

  /** Ends what is over, and waits for the next end. */
  function cull() {
    endIf(({ until }) => until <= now())
    clearTimeout(timer)
    if (entries.size === 0) return
    const next = Math.min(...[...entries.values()].map(({ until }) => until))
    timer = setTimeout(cull, Math.max(0, next - now()))
  }

  function set(key: string, entry: Entry) {
    entries.set(key, entry)
    // Here too, not by the timer alone: in a flood of messages its turn may never come.
    cull()
  }

  return {
    cull,

    /** A message or a stroke that the server accepted. Ignored if it is known, over, or cleared. */
    add(kind: 'message' | 'stroke', data: Message | Stroke, isEvent = true) {
      const key = keyOf(data.userId, data.id)
      const known = entries.get(key)
      if (known && known.kind !== 'draft') return
      if (data.expiresAt <= now() || data.sentAt <= clearedUntil) return
      set(key, { kind, data, until: data.expiresAt })
      if (isEvent) events.emit(kind, data as Message & Stroke)
    },

    draft(data: Draft) {
      const key = keyOf(data.userId, data.messageId)
      const known = entries.get(key)
      if (known && known.kind !== 'draft') return
      if (data.text) {
        set(key, { kind: 'draft', data, until: now() + DRAFT_LIFE_MS })
        events.emit('draft', data)
      } else if (known) end(key, known)
    },

    /** Ends the drafts of those users. */
    endDrafts(by: (userId: string) => boolean) {
      endIf(({ kind, data }) => kind === 'draft' && by(data.userId))
    },

    /** The owner cleared everything up to this time (W65). */
    clear(until: number) {
      clearedUntil = Math.max(clearedUntil, until)
      endIf(({ data }) => !('sentAt' in data && data.sentAt > until))
    },

    /** The server's clock was set by `ms`: everything keeps the time it has left (W85). */
    shift(ms: number) {
      clearedUntil += ms
      const moved = (data: Entry['data']) =>
        'sentAt' in data
          ? { ...data, sentAt: data.sentAt + ms, expiresAt: data.expiresAt + ms }
          : data
      entries = new Map(
        [...entries].map(([key, { kind, data, until }]) => [
          key,
          { kind, data: moved(data), until: until + ms },
        ]),
      )
      cull()
    },

    /** All of a kind, the oldest first. */
    all<Data extends Entry['data']>(kind: Kind): Data[] {
      return [...entries.values()].flatMap((entry) =>
        entry.kind === kind ? [entry.data as Data] : [],
      )
    },

    /** Nothing follows. */
    close() {
      entries.clear()
      clearTimeout(timer)
    },
  }
}

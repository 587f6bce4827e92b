/*
 * What lives on the canvas (core/lives.ts), and its changes as events. A page keeps more of a message (core/messages.ts), such
 * as that its reader holds it.
 */
import { createCulling } from './core/culling.ts'
import * as lives from './core/lives.ts'
import type { Draft, Emitter, Message, Stroke } from './events.ts'

type Kind = 'message' | 'stroke' | 'draft'

interface Entry extends lives.Life {
  readonly kind: Kind
  readonly data: Message | Stroke | Draft
}

/** `now`: the server's clock. */
export function createCanvas(now: () => number, events: Emitter) {
  const all = lives.newLives<Entry>()

  function tell(ended: readonly Entry[] = []) {
    for (const { kind, data } of ended) {
      if (kind === 'draft') events.emit(kind, { ...(data as Draft), text: '' })
      if (kind === 'message') events.emit('expired', data as Message)
    }
  }

  const cull = createCulling(now, (at) => {
    tell(lives.cull(all, at, lives.endOf))
    return lives.nextEnd(all.entries, lives.endOf)
  })

  return {
    cull,

    /** A draft, or what the server accepted: ignored if it is known, over, or cleared. `isEvent`: others sent it. */
    add(id: string, data: Entry['data'], isEvent = true) {
      const at = now()
      const { userId } = data
      const isDraft = !('sentAt' in data)
      const entry = {
        ...{ key: `${userId}/${id}`, userId, data, mine: false },
        kind: isDraft ? 'draft' : 'text' in data ? 'message' : 'stroke',
        ...(isDraft
          ? lives.draftAt(at, data.text)
          : { state: 'sent', timestamp: data.sentAt, expiresAt: data.expiresAt }),
      } as const
      tell(lives.begin(all, entry, at))
      cull()
      if (isEvent && all.entries.get(entry.key) === entry) events.emit(entry.kind, data as never)
    },

    /** Ends the drafts of those users. */
    endDrafts: (by: (userId: string) => boolean) => tell(lives.endDrafts(all, by)),

    /** The owner cleared everything up to this time (W65). */
    clear: (until: number) => tell(lives.clear(all, until)),

    /** The server's clock was set by `ms` (W85). */
    shift(ms: number) {
      lives.shift(all, ms, (entry) => {
        const { data, timestamp: sentAt, expiresAt } = entry
        return 'sentAt' in data ? { ...entry, data: { ...data, sentAt, expiresAt } } : entry
      })
      cull()
    },

    /** All of a kind, the oldest first; drafts in the order in which they began. */
    all<Data extends Entry['data']>(wanted: Kind): Data[] {
      return (
        [...all.entries.values()]
          .filter(({ kind }) => kind === wanted)
          .map(({ data }) => data as Data & Message)
          // Drafts have no time: NaN leaves their order.
          .sort((a, b) => a.sentAt - b.sentAt)
      )
    },

    /** Nothing follows. */
    close() {
      all.cleared = Infinity
      all.entries.clear()
      cull()
    },
  }
}

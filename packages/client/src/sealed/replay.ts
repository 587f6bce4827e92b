/*
 * What a client has opened before: the same box does not count twice (W199).
 */
import type { Opened, Place } from './box.ts'

/** How far the time in a box may be from the server's. */
export const LATE_MS = 5 * 60_000
/** after this time a message or a stream is forgotten: its boxes are too old to count */
const REMEMBERED_MS = 2 * LATE_MS
/** above this number, old ones are forgotten at once */
const REMEMBERED = 20_000

interface Seen {
  readonly box: string
  timestamp: number
  readonly at: number
}

export class Replays {
  #now: () => number
  #counters = new Map<string, { counter: number; at: number }>()
  #messages = new Map<string, Seen>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** A message keeps its box and its time; other boxes have a growing counter. `timestamp`: 0 if it is no message. */
  isNew(place: Place, box: string, timestamp: number, { stream, counter }: Opened): boolean {
    const at = this.#now()
    if (this.#messages.size + this.#counters.size > REMEMBERED) this.forgetOld()
    if (timestamp > 0) {
      const key = `${place.userId} ${place.messageId}`
      const known = this.#messages.get(key)
      if (known) return known.box === box && known.timestamp === timestamp
      this.#messages.set(key, { box, timestamp, at })
      return true
    }
    const key = `${place.userId} ${stream} ${place.kind}`
    if (counter <= (this.#counters.get(key)?.counter ?? -1)) return false
    this.#counters.set(key, { counter, at })
    return true
  }

  /** The server's clock was set. */
  shift(ms: number) {
    for (const seen of this.#messages.values()) seen.timestamp += ms
  }

  forgetOld() {
    const before = this.#now() - REMEMBERED_MS
    for (const known of [this.#messages, this.#counters]) {
      for (const [key, { at }] of known) if (at < before) known.delete(key)
    }
  }
}

/*
 * A client in a crowd (W160): what it shows, which decides what it gets, and how often it sends.
 */
import type { ServerFrame, ViewMessage } from './core/frames.ts'
import type { Host } from './core/host.ts'
import { throttle, type Throttle } from './core/throttle.ts'
import type { Emitter } from './events.ts'

/** The server reads no more views of a client in a crowd (W163). */
const VIEW_EVERY_MS = 250
/** How long a `followed` counts (W32) */
const FOLLOWED_MS = 12_000

interface Sender {
  pace(perSecond: number): void
}

export class Crowd {
  on = false
  #view: ViewMessage | undefined
  #followedUntil = -Infinity
  #now: () => number
  #views: Throttle<ViewMessage>
  #pointer: Sender
  #drafts: Sender
  #events: Emitter

  constructor({ send, now }: Host, pointer: Sender, drafts: Sender, events: Emitter) {
    this.#now = now
    this.#views = throttle(VIEW_EVERY_MS, (view) => void (this.#isWanted() && send(view)), now)
    this.#pointer = pointer
    this.#drafts = drafts
    this.#events = events
  }

  show(view: ViewMessage) {
    this.#view = view
    if (this.#isWanted()) this.#views.push(view)
  }

  /** W162 */
  query() {
    const { position, width: w, height: h } = this.#view ?? {}
    return { ...position, w, h }
  }

  /**
   * True: the channel became a crowd, which counts us where we point, or is small again, and everybody should see our
   * pointer and draft.
   */
  receive(frame: ServerFrame): boolean {
    if (frame.type === 'user_sync') return this.#set(frame.crowd === true)
    if (frame.type === 'crowd') return this.#set(frame.on)
    if (frame.type === 'followed') this.#showFollower()
    if (frame.type !== 'pace') return false
    const { cursors_per_second: cursorsPerSecond, drafts_per_second: draftsPerSecond } = frame
    this.#pace(cursorsPerSecond, draftsPerSecond)
    this.#events.emit('pace', { cursorsPerSecond, draftsPerSecond })
    return false
  }

  #isWanted() {
    return this.on || this.#now() < this.#followedUntil
  }

  #showFollower() {
    this.#followedUntil = this.#now() + FOLLOWED_MS
    if (this.#view) this.#views.push(this.#view)
  }

  #set(on: boolean): boolean {
    const changed = on !== this.on
    this.on = on
    if (!on) this.#pace(Infinity, Infinity)
    else if (this.#view) this.#views.push(this.#view)
    if (changed) this.#events.emit('crowd', { on })
    return changed
  }

  #pace(cursors: number, drafts: number) {
    this.#pointer.pace(cursors)
    this.#drafts.pace(drafts)
  }
}

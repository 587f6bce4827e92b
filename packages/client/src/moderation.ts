/*
 * What the owner of a channel does (W65). The result arrives as an event; an `error` event says what was refused.
 */
import type { ClientFrame, Position } from './core/frames.ts'
import { Emitter } from './events.ts'

export abstract class Moderation extends Emitter {
  /** @internal Throws NotSent if there is no connection, or what closed the channel. */
  protected abstract send(frame: ClientFrame): void

  /** The least time between two messages of a user; 0 ends slow mode. */
  slowDown(seconds: number) {
    this.#moderate('slow', { slow_ms: Math.round(seconds * 1000) })
  }

  setReadOnly(on: boolean) {
    this.#moderate('read_only', { on })
  }

  setPrivate(on: boolean) {
    this.#moderate('private', { on })
  }

  /** Removes all messages. */
  clear() {
    this.#moderate('clear')
  }

  /** Removes a user, and keeps them out for that long; 0 lets them in again. */
  remove(userId: string, seconds = 3600) {
    this.#moderate('remove', { user_id: userId, seconds })
  }

  /** Names a place for everybody, or moves the landmark with this name (W115). */
  placeLandmark(name: string, at: Position) {
    this.#moderate('place_landmark', { name, position: at })
  }

  renameLandmark(name: string, newName: string) {
    this.#moderate('rename_landmark', { name, new_name: newName })
  }

  removeLandmark(name: string) {
    this.#moderate('remove_landmark', { name })
  }

  #moderate(action: Moderate['action'], fields?: Omit<Moderate, 'type' | 'action'>) {
    this.send({ type: 'moderate', action, ...fields })
  }
}

type Moderate = Extract<ClientFrame, { type: 'moderate' }>

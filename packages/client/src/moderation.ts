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
    this.send({ type: 'moderate', action: 'slow', slow_ms: Math.round(seconds * 1000) })
  }

  setReadOnly(on: boolean) {
    this.send({ type: 'moderate', action: 'read_only', on })
  }

  setPrivate(on: boolean) {
    this.send({ type: 'moderate', action: 'private', on })
  }

  /** Removes all messages. */
  clear() {
    this.send({ type: 'moderate', action: 'clear' })
  }

  /** Removes a user, and keeps them out for that long; 0 lets them in again. */
  remove(userId: string, seconds = 3600) {
    this.send({ type: 'moderate', action: 'remove', user_id: userId, seconds })
  }

  /** Names a place for everybody, or moves the landmark with this name (W115). */
  placeLandmark(name: string, at: Position) {
    this.send({ type: 'moderate', action: 'place_landmark', name, position: at })
  }

  renameLandmark(name: string, newName: string) {
    this.send({ type: 'moderate', action: 'rename_landmark', name, new_name: newName })
  }

  removeLandmark(name: string) {
    this.send({ type: 'moderate', action: 'remove_landmark', name })
  }
}

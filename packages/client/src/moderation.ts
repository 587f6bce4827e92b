/*
 * What the owner of a channel does (W65), an entry of its own: programs of others load nothing of it. The result arrives as an
 * event; an `error` event says what was refused.
 *
 *   const { slowDown, remove } = moderation(channel)
 */
import type { Channel } from './channel.ts'
import type { ClientFrame, Position } from './core/frames.ts'

type Moderate = Extract<ClientFrame, { type: 'moderate' }>

/** Its functions throw NotSent if there is no connection, or what closed the channel. */
export function moderation(channel: Channel) {
  const moderate = (action: Moderate['action'], fields?: Omit<Moderate, 'type' | 'action'>) =>
    channel.send({ type: 'moderate', action, ...fields })
  return {
    /** The least time between two messages of a user; 0 ends slow mode. */
    slowDown: (seconds: number) => moderate('slow', { slow_ms: Math.round(seconds * 1000) }),
    setReadOnly: (on: boolean) => moderate('read_only', { on }),
    setPrivate: (on: boolean) => moderate('private', { on }),
    /** Removes all messages and strokes. */
    clear: () => moderate('clear'),
    /** Removes a user, and keeps them out for that long; 0 lets them in again. */
    remove: (userId: string, seconds = 3600) => moderate('remove', { user_id: userId, seconds }),
    /** Names a place for everybody, or moves the landmark with this name (W115). */
    placeLandmark: (name: string, at: Position) =>
      moderate('place_landmark', { name, position: at }),
    renameLandmark: (name: string, newName: string) =>
      moderate('rename_landmark', { name, new_name: newName }),
    removeLandmark: (name: string) => moderate('remove_landmark', { name }),
  }
}

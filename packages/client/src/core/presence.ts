/*
 * The presence: the roster as a pure function of the presence events (W17, W19, W20).
 *
 * `seq` grows by one per event of an epoch. An event we already have is dropped; when one is
 * missing, or the epoch is another, nothing is applied until a new `user_sync` (the reducer asks
 * for it by `sync: true`, once, and remembers the highest `seq` it has heard of, so that a
 * snapshot taken before that event is seen to be too old and is asked for again).
 *
 * Above `limits.roster` members the server sends only `user_count`; its `seq` never makes a gap.
 */
import type { PresenceFrame, User, UserSync } from './frames.ts'

export interface Presence {
  readonly epoch: string
  readonly seq: number
  /** highest `seq` heard of while waiting for a snapshot; undefined: not waiting */
  readonly waitingFor?: { readonly epoch: string; readonly seq: number } | undefined
  readonly users: ReadonlyMap<string, User>
  readonly count: number
  readonly rosterLimit: number
}

export const NOBODY: Presence = {
  epoch: '',
  seq: 0,
  users: new Map(),
  count: 0,
  rosterLimit: 200,
}

export interface PresenceStep {
  readonly presence: Presence
  /** send a `sync` frame */
  readonly sync: boolean
  readonly joined?: User | undefined
  readonly left?: User | undefined
}

/** `fresh`: the first frame of a connection, which replaces everything known before. */
export function onSync(before: Presence, frame: UserSync, fresh: boolean): PresenceStep {
  const { epoch, seq } = frame
  const { waitingFor } = before
  const isOlder = (than: Presence['waitingFor']) => than?.epoch === epoch && seq < than.seq
  if (!fresh && (isOlder(before) || isOlder(waitingFor)))
    return { presence: before, sync: waitingFor !== undefined }
  return {
    presence: {
      ...{ epoch, seq },
      users: new Map(frame.users.map((user) => [user.user_id, user])),
      count: frame.user_count,
      rosterLimit: frame.limits.roster,
    },
    sync: false,
  }
}

export function onPresence(before: Presence, frame: PresenceFrame): PresenceStep {
  const { epoch, seq } = frame
  const { waitingFor } = before
  /** For a snapshot: remembers only which `seq` it must contain. */
  const wait = (presence: Presence, sync = true) => {
    const least = waitingFor?.epoch === epoch ? Math.max(waitingFor.seq, seq) : seq
    return { presence: { ...presence, waitingFor: { epoch, seq: least } }, sync }
  }
  if (waitingFor) return wait(before, false)
  if (epoch !== before.epoch) return wait(before)
  if (seq <= before.seq) return { presence: before, sync: false }
  if (frame.type === 'user_count') {
    const presence = { ...before, count: frame.count, seq }
    // The roster may be wrong: above the limit the server sent no names.
    return frame.count <= before.rosterLimit ? wait(presence) : { presence, sync: false }
  }
  if (seq !== before.seq + 1) return wait(before)

  const { user_id } = frame
  const users = new Map(before.users)
  const known = users.get(user_id)
  let { count } = before
  let joined: User | undefined
  let left: User | undefined
  if (frame.type === 'user_left') {
    users.delete(user_id)
    count = Math.max(0, count - 1)
    left = known
  } else {
    const { name, color, on_map } = frame
    const joins = frame.type === 'user_joined'
    const joined_at = joins ? frame.joined_at : known?.joined_at
    if (joined_at !== undefined) {
      const user = { user_id, name, color, joined_at, on_map }
      users.set(user_id, user)
      if (joins && !known) {
        count += 1
        joined = user
      }
    }
  }
  return { presence: { ...before, seq, users, count }, sync: false, joined, left }
}

/** Newer profiles of people whom the roster lists; `user_updated` has them in most channels, a sealed frame in others. */
export function withProfiles(before: Presence, profiles: readonly User[]): Presence {
  const users = new Map(before.users)
  for (const user of profiles) if (users.has(user.user_id)) users.set(user.user_id, user)
  return { ...before, users }
}

/** Whether somebody may be here: of a large channel the roster lists only some (W20). */
export const isHere = ({ users, count, rosterLimit }: Presence, userId: string) =>
  users.has(userId) || count > rosterLimit

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
  readonly waitingFor: { readonly epoch: string; readonly seq: number } | undefined
  readonly users: ReadonlyMap<string, User>
  readonly count: number
  readonly rosterLimit: number
}

export const NOBODY: Presence = {
  epoch: '',
  seq: 0,
  waitingFor: undefined,
  users: new Map(),
  count: 0,
  rosterLimit: 200,
}

export interface PresenceStep {
  readonly presence: Presence
  /** send a `sync` frame */
  readonly sync: boolean
  readonly joined?: User
  readonly left?: User
}

/** `fresh`: the first frame of a connection, which replaces everything known before. */
export function onSync(before: Presence, frame: UserSync, fresh: boolean): PresenceStep {
  const same = frame.epoch === before.epoch
  const waiting = before.waitingFor
  const tooOld =
    !fresh &&
    ((same && frame.seq < before.seq) ||
      (waiting !== undefined && waiting.epoch === frame.epoch && frame.seq < waiting.seq))
  if (tooOld) return { presence: before, sync: waiting !== undefined }
  return {
    presence: {
      epoch: frame.epoch,
      seq: frame.seq,
      waitingFor: undefined,
      users: new Map(frame.users.map((user) => [user.user_id, user])),
      count: frame.user_count,
      rosterLimit: frame.limits.roster,
    },
    sync: false,
  }
}

export function onPresence(before: Presence, frame: PresenceFrame): PresenceStep {
  if (before.waitingFor) return { presence: heard(before, frame), sync: false }
  if (frame.epoch !== before.epoch) return { presence: heard(before, frame), sync: true }
  if (frame.seq <= before.seq) return { presence: before, sync: false }
  if (frame.type === 'user_count') return onCount(before, frame.count, frame.seq)
  if (frame.seq !== before.seq + 1) return { presence: heard(before, frame), sync: true }

  const users = new Map(before.users)
  const known = users.get(frame.user_id)
  let count = before.count
  const step: { joined?: User; left?: User } = {}
  if (frame.type === 'user_left') {
    users.delete(frame.user_id)
    count = Math.max(0, count - 1)
    if (known) step.left = known
  } else {
    const { user_id, name, color, on_map } = frame
    const joins = frame.type === 'user_joined'
    const joined_at = joins ? frame.joined_at : known?.joined_at
    if (joined_at !== undefined) {
      const user: User = { user_id, name, color, joined_at, on_map }
      users.set(user_id, user)
      if (joins && !known) {
        count += 1
        step.joined = user
      }
    }
  }
  return { presence: { ...before, seq: frame.seq, users, count }, sync: false, ...step }
}

/** Newer profiles of people whom the roster lists; `user_updated` has them in most channels, a sealed frame in others. */
export function withProfiles(before: Presence, profiles: readonly User[]): Presence {
  const listed = profiles.filter(({ user_id }) => before.users.has(user_id))
  if (listed.length === 0) return before
  const users = new Map(before.users)
  for (const user of listed) users.set(user.user_id, user)
  return { ...before, users }
}

function onCount(before: Presence, count: number, seq: number): PresenceStep {
  const presence = { ...before, count, seq }
  // The roster may be wrong: above the limit the server sent no names.
  return count <= before.rosterLimit
    ? { presence: { ...presence, waitingFor: { epoch: before.epoch, seq } }, sync: true }
    : { presence, sync: false }
}

/** Waiting for a snapshot: remembers only which `seq` it must contain. */
function heard(before: Presence, frame: PresenceFrame): Presence {
  const waiting = before.waitingFor
  const seq = waiting?.epoch === frame.epoch ? Math.max(waiting.seq, frame.seq) : frame.seq
  return { ...before, waitingFor: { epoch: frame.epoch, seq } }
}

/** Names and colours seen anywhere, for people the roster does not list (W20). */
export function profileOf(
  presence: Presence,
  known: ReadonlyMap<string, User>,
  userId: string,
): User | undefined {
  return presence.users.get(userId) ?? known.get(userId)
}

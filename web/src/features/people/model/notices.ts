/*
 * Who joined and left, gathered so that many of them are one line. Somebody who joins and leaves at once is not in it.
 */
import type { User } from '@asocial/client/core/frames'

export interface Changes {
  readonly joined: ReadonlyMap<string, User>
  readonly left: ReadonlyMap<string, User>
}

export const NO_CHANGES: Changes = { joined: new Map(), left: new Map() }

/** More people than this are a number, not names. */
export const NAMED_MAX = 3

export const isNews = ({ joined, left }: Changes) => joined.size + left.size > 0

export function add(before: Changes, kind: keyof Changes, user: User): Changes {
  const other = kind === 'joined' ? 'left' : 'joined'
  if (before[other].has(user.user_id)) return { ...before, [other]: without(before[other], user) }
  return { ...before, [kind]: new Map(before[kind]).set(user.user_id, user) }
}

/** Removes this user. */
export function forgetOne({ joined, left }: Changes, userId: string): Changes {
  const user = { user_id: userId }
  return { joined: without(joined, user), left: without(left, user) }
}

function without(users: ReadonlyMap<string, User>, { user_id }: { user_id: string }) {
  const rest = new Map(users)
  rest.delete(user_id)
  return rest
}

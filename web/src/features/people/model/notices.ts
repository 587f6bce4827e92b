/*
 * Comings and goings, gathered: many of them are one line, and who came and went at once is no news.
 */
import type { User } from '../../../shared/net/frames'

export interface Comings {
  readonly came: ReadonlyMap<string, User>
  readonly left: ReadonlyMap<string, User>
}

export const NO_COMINGS: Comings = { came: new Map(), left: new Map() }

/** More people than this are a number, not names. */
export const NAMED_MAX = 3

export const isNews = ({ came, left }: Comings) => came.size + left.size > 0

export function add(before: Comings, kind: keyof Comings, user: User): Comings {
  const other = kind === 'came' ? 'left' : 'came'
  if (before[other].has(user.user_id)) return { ...before, [other]: without(before[other], user) }
  return { ...before, [kind]: new Map(before[kind]).set(user.user_id, user) }
}

/** As if nothing had been heard of them. */
export function forgetOne({ came, left }: Comings, userId: string): Comings {
  const user = { user_id: userId }
  return { came: without(came, user), left: without(left, user) }
}

function without(users: ReadonlyMap<string, User>, { user_id }: { user_id: string }) {
  const rest = new Map(users)
  rest.delete(user_id)
  return rest
}

/*
 * Whether a message mentions this user, by the names of the people who are here.
 */
import type { App } from '../../stores/app'
import type { Entry } from '@asocial/client/core/messages'
import { mentions } from './model/mentions'

export function mentionsSelf({ session, presence }: App, { mine, state, text }: Entry): boolean {
  if (mine || state !== 'sent') return false
  const { userId, chosenName } = session.store.getState()
  const own = chosenName ?? (userId === undefined ? undefined : presence.profile(userId)?.name)
  const { users } = presence.store.getState().presence
  const others = [...users.values()].filter(({ user_id }) => user_id !== userId)
  return mentions(
    text,
    own ?? '',
    others.map(({ name }) => name),
  )
}

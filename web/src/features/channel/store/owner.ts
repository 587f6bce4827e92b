/*
 * The owner's HTTP requests: claiming a channel, and invitations.
 */
import { pathOf } from '../model/address'
import type { Session } from './session'

export type Answer<T> = { readonly ok: T } | { readonly refused: string }

async function post<T>(session: Session, path: string, body?: unknown): Promise<Answer<T>> {
  const { channel } = session.store.getState()
  try {
    const response = await fetch(`/api/channels/${channel}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${session.token() ?? ''}` },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const answer = (await response.json()) as T & { error?: { code: string } }
    return response.ok ? { ok: answer } : { refused: answer.error?.code ?? 'unavailable' }
  } catch {
    return { refused: 'unavailable' }
  }
}

/** Makes us the owner; the server tells everyone in the channel (W64). */
export const claim = (session: Session) => post<object>(session, '')

export type InvitationRights = 'read' | 'write'

/** The link to give to somebody, which works for `ttl_seconds`. It makes the channel private (W63). */
export async function invite(
  session: Session,
  rights: InvitationRights,
  ttl_seconds = 86_400,
): Promise<Answer<string>> {
  const answer = await post<{ token: string }>(session, '/invitations', { rights, ttl_seconds })
  if ('refused' in answer) return answer
  const place = session.store.getState()
  return { ok: location.origin + pathOf(place, `?invite=${answer.ok.token}`) }
}

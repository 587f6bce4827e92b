/*
 * What the owner of a channel asks the server for by HTTP: that it be theirs, and invitations.
 */
import type { Session } from './session'

export type Asked<T> = { readonly ok: T } | { readonly refused: string }

async function post<T>(session: Session, path: string, body?: unknown): Promise<Asked<T>> {
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

/** The channel is ours from here on; everyone in it is told (W64). */
export const claim = (session: Session) => post<object>(session, '')

/** The address to give to somebody; the channel is private from here on (W63). */
export async function invite(session: Session, rights: 'read' | 'write'): Promise<Asked<string>> {
  const answer = await post<{ token: string }>(session, '/invitations', { rights })
  if ('refused' in answer) return answer
  const { channel } = session.store.getState()
  return { ok: `${location.origin}/c/${channel}?invite=${answer.ok.token}` }
}

/*
 * Why an upgrade was refused: browsers do not tell a page, so the page asks by plain HTTP, where
 * the server gives the same answer (W87). Fetched when a connection never opened.
 */
import type { App } from '../../stores/app'

/** HTTP gets through, the upgrade did not: once may be chance, and from then on it is told. */
const ANSWERED = 'answered'
const NOT_UPGRADED = 'not_upgraded'
/** Of the statuses from 400 to 499, those that pass by themselves. */
const PASSING = [401, 408, 425, 429]

export interface Refusal {
  readonly code: string
  readonly message: string
  /** something must change first: there is no use in trying again */
  readonly lasting: boolean
}

/** Undefined: no answer of our server, as when it is down. */
export async function whyRefused(
  channel: string,
  invite: string | undefined,
  token: string | undefined,
): Promise<Refusal | undefined> {
  // Browsers send no `Origin` here, and the server wants to know it.
  const query = new URLSearchParams({ origin: location.origin })
  if (invite !== undefined) query.set('invite', invite)
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {}
  const response = await fetch(`/api/channels/${channel}?${query}`, { headers })
  if (response.ok) return { code: ANSWERED, message: '', lasting: false }
  const body = (await response.json()) as { error?: { code?: string; message?: string } }
  const { code, message = '' } = body.error ?? {}
  if (code === undefined) return undefined
  const lasting = response.status < 500 && !PASSING.includes(response.status)
  return { code, message, lasting }
}

/** Asks, and tells the visitor; ends the attempts where they are of no use. */
export async function explainRefusal(
  { session }: App,
  invite: string | undefined,
  giveUp: (code: string, reason: string) => void,
) {
  const { channel } = session.store.getState()
  const refusal = await whyRefused(channel, invite, session.token())
  // A restart passes in seconds, and the page counts them: no sentence, which on a small screen would need the room.
  if (refusal?.code === 'draining') return session.setRefusal(undefined)
  if (refusal?.lasting) return giveUp(refusal.code, refusal.message)
  const before = session.store.getState().refusal
  const again = before === ANSWERED || before === NOT_UPGRADED
  session.setRefusal(refusal?.code === ANSWERED && again ? NOT_UPGRADED : refusal?.code)
}

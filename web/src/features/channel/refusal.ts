/*
 * Why an upgrade was refused: browsers do not tell a page, so the page asks by plain HTTP, where
 * the server gives the same answer (W87). Fetched when a connection never opened.
 */
import type { App } from '../../stores/app'
import { REFUSAL_STRINGS } from '../../shared/i18n/en-refusals'

/** HTTP gets through, the upgrade did not: once may be chance, and from then on it is told. */
const ANSWERED = 'answered'
const NOT_UPGRADED = 'not_upgraded'
/** Of the statuses from 400 to 499, those that pass by themselves. */
const PASSING = [401, 408, 425, 429]

interface Answer {
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
): Promise<Answer | undefined> {
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
  const answer = await whyRefused(channel, invite, session.token())
  // A restart takes seconds, and the page counts them: a sentence would take up a small screen.
  if (!answer || answer.code === 'draining') return session.setRefusal(undefined)
  const texts = REFUSAL_STRINGS.connection
  if (answer.lasting) return giveUp(answer.code, texts[answer.code] ?? answer.message)
  const before = session.store.getState().refusal?.code
  const again = before === ANSWERED || before === NOT_UPGRADED
  const code = answer.code === ANSWERED && again ? NOT_UPGRADED : answer.code
  session.setRefusal({ code, text: texts[code] })
}

/*
 * Why an upgrade was refused. Browsers hide that from pages, so the page asks by plain HTTP, where the server gives the
 * same answer (W87). Fetched when a connection never opened.
 */
import type { App } from '../../stores/app'
import { REFUSAL_STRINGS } from '../../shared/i18n/en-refusals'

/** HTTP works, the upgrade did not. Once may be chance; from the second time on the page says so. */
const ANSWERED = 'answered'
const NOT_UPGRADED = 'not_upgraded'
/** Statuses from 400 to 499 after which waiting helps. */
const PASSING = [401, 408, 425, 429]

interface Answer {
  readonly code: string
  readonly message: string
  /** trying again does not help until something changes */
  readonly lasting: boolean
}

/** Undefined: the answer is not from our server. */
export async function whyRefused(
  channel: string,
  invite: string | undefined,
  token: string | undefined,
): Promise<Answer | undefined> {
  // Browsers send no `Origin` header here, and the server needs it.
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

/** Asks, and shows the answer; ends the attempts where they are useless. */
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

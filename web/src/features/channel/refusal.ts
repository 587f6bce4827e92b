/*
 * Shows why an upgrade was refused (W87). Fetched when a connection never opened.
 */
import { whyRefused, type Refusal } from '@asocial/client/core/refusal'
import type { App } from '../../stores/app'
import { REFUSAL_STRINGS } from '../../shared/i18n/en-refusals'

/** HTTP works, the upgrade did not. Once may be chance; from the second time on the page says so. */
const ANSWERED = 'answered'
const NOT_UPGRADED = 'not_upgraded'

/** Asks, and shows the answer. Returns it in the page's language. */
export async function explainRefusal(
  { session }: App,
  invite: string | undefined,
): Promise<Refusal | undefined> {
  const { channel, fragment } = session.store.getState()
  const answer = await whyRefused({
    server: '',
    channel,
    origin: location.origin,
    invite,
    token: session.token(),
    sealed: fragment !== undefined,
  })
  // A restart takes seconds, and the page counts them: a sentence would take up a small screen.
  if (!answer || answer.code === 'draining') {
    session.setRefusal(undefined)
    return undefined
  }
  const texts = REFUSAL_STRINGS.connection
  const before = session.store.getState().refusal?.code
  const again = before === ANSWERED || before === NOT_UPGRADED
  const code = answer.code || (again ? NOT_UPGRADED : ANSWERED)
  const text = texts[code]
  if (!answer.lasting) session.setRefusal({ code, text })
  return { ...answer, code, message: text ?? answer.message }
}

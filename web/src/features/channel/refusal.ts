/*
 * Shows why an upgrade was refused (W87). Fetched when a connection never opened.
 */
import { whyRefused } from '@asocial/client/core/refusal'
import type { App } from '../../stores/app'
import { REFUSAL_STRINGS } from '../../shared/i18n/en-refusals'

/** HTTP works, the upgrade did not. Once may be chance; from the second time on the page says so. */
const ANSWERED = 'answered'
const NOT_UPGRADED = 'not_upgraded'

/** Asks, and shows the answer; ends the attempts where they are useless. */
export async function explainRefusal(
  { session }: App,
  invite: string | undefined,
  giveUp: (code: string, reason: string) => void,
) {
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
  if (!answer || answer.code === 'draining') return session.setRefusal(undefined)
  const texts = REFUSAL_STRINGS.connection
  const before = session.store.getState().refusal?.code
  const again = before === ANSWERED || before === NOT_UPGRADED
  const code = answer.code ?? (again ? NOT_UPGRADED : ANSWERED)
  if (answer.lasting) return giveUp(code, texts[code] ?? answer.message)
  session.setRefusal({ code, text: texts[code] })
}

/*
 * Why the server refused a message.
 */
import { STRINGS } from '../../../shared/i18n/en'
import { REFUSAL_STRINGS } from '../../../shared/i18n/en-refusals'
import type { ErrorFrame } from '../../../shared/net/frames'

type Reason = Pick<ErrorFrame, 'code' | 'message' | 'limit'>

export function Refusal({ error: { code, message, limit = '' } }: { error: Reason }) {
  const { limited, message: byCode } = REFUSAL_STRINGS
  return limited[limit] ?? byCode[code] ?? STRINGS.refusedOther(message)
}

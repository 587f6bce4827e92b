/*
 * Why the server refused a message, and how long to wait. The wait is announced once, not at every second.
 */
import { useState } from 'react'
import { STRINGS } from '../../../shared/i18n/en'
import { REFUSAL_STRINGS } from '../../../shared/i18n/en-refusals'
import type { ErrorFrame } from '@asocial/client/core/frames'

type Reason = Pick<ErrorFrame, 'code' | 'message' | 'limit'>

/** `wait`: whole seconds until the message can be sent again. */
export function Refusal({ error, wait }: { error: Reason; wait: number }) {
  const { code, message, limit = '' } = error
  const { limited, message: byCode } = REFUSAL_STRINGS
  const [firstWait] = useState(wait)
  return (
    <>
      {limited[limit] ?? byCode[code] ?? STRINGS.refusedOther(message)}
      {firstWait > 0 && <span className="sr-only"> {sayWait(firstWait)}</span>}
      {wait > 0 && <span aria-hidden="true"> {sayWait(wait)}</span>}
    </>
  )
}

/** Long waits in whole minutes: a countdown of 3,000 seconds tells nobody anything. */
function sayWait(seconds: number): string {
  return REFUSAL_STRINGS.wait(seconds > 120 ? Math.ceil(seconds / 60) * 60 : seconds)
}

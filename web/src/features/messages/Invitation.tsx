/*
 * A hint on the empty canvas: one line in the middle of the channel that says how to write. It takes no clicks, and does
 * not return once you have posted something.
 */
import { useState } from 'react'
import { STRINGS } from '../../shared/i18n/en'
import { COARSE, matches } from '../../shared/ui/media'
import { useOrigin, usePresence, useSession, useMessages } from '../../stores/hooks'

export function Invitation() {
  const quiet = useMessages(
    (s) => !s.spoke && s.draft === undefined && s.messages.entries.size === 0,
  )
  const alone = usePresence((s) => s.presence.count <= 1)
  const live = useSession((s) => s.link.kind === 'live')
  const origin = useOrigin()
  const [turn, setTurn] = useState(0)
  if (!quiet || !live) return null
  const touch = matches(COARSE)
  const line =
    alone && turn % 2 === 1 ? STRINGS.alone : touch ? STRINGS.invite.touch : STRINGS.invite.mouse
  return (
    <div className="anchor invitation" style={{ left: -origin.x, top: -origin.y }}>
      <p key={turn} onAnimationEnd={() => setTurn(turn + 1)} data-testid="invitation">
        {line}
      </p>
    </div>
  )
}

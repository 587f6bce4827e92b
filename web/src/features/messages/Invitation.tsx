/*
 * Hints in the middle of the view, wherever that is. On the empty canvas, one line says what you can do here; it takes no
 * clicks, and does not return once you have posted something. Two lines take turns for a minute; then one stays, so that a
 * page left open draws nothing. Who is here, and that nobody is, is fetched (view/Company.tsx).
 */
import { useEffect, useState, type ReactNode } from 'react'
import { STRINGS } from '../../shared/i18n/en'
import { lazy } from '../../shared/ui/lazy'
import { COARSE, matches } from '../../shared/ui/media'
import { usePresence, useSession, useMessages } from '../../stores/hooks'
import { ruleOf } from './Caret'

const Company = lazy(() => import('./view/Company').then((m) => m.Company))

/** The last one stays. Even: it says what you can do here. */
const LAST_TURN = 8
/** of a turn, until the line begins to leave */
const TURN_MS = 5_700

export function Invitation() {
  const quiet = useMessages(
    (s) => !s.spoke && s.draft === undefined && s.messages.entries.size === 0,
  )
  const alone = usePresence((s) => s.presence.count <= 1)
  const live = useSession((s) => s.link.kind === 'live')
  const rules = useSession((s) => s.rules)
  const [turn, setTurn] = useState(0)
  if (!live) return null
  const touch = matches(COARSE)
  const rule = ruleOf(rules)
  const mayWrite = rules.rights !== 'read' && (rules.yours || !rules.read_only)
  // A private channel has no link that lets everyone in.
  const invites = alone && turn % 2 === 1 && !rules.private
  return (
    <div className="invitation">
      {quiet && (
        <Line key={turn} stays={turn === LAST_TURN} gone={() => setTurn(turn + 1)}>
          {invites ? (
            STRINGS.alone
          ) : (
            <>
              {mayWrite && (touch ? STRINGS.invite.touch : STRINGS.invite.mouse)}
              {rule && <span className="block text-base/6">{rule}</span>}
            </>
          )}
        </Line>
      )}
      <Company quiet={quiet} />
    </div>
  )
}

/**
 * Comes, and leaves after a while: one animation after the other. A browser animates on the main thread where an element
 * has two animations of its opacity, even while one of them waits.
 */
function Line({ stays, gone, children }: { stays: boolean; gone(): void; children: ReactNode }) {
  const [leaves, setLeaves] = useState(false)
  useEffect(() => {
    if (stays) return
    const timer = setTimeout(() => setLeaves(true), TURN_MS)
    return () => clearTimeout(timer)
  }, [stays])
  return (
    <p
      className={leaves ? 'leaving' : undefined}
      onAnimationEnd={(end) => {
        if (end.animationName === 'disappear') gone()
      }}
      data-testid="invitation"
    >
      {children}
    </p>
  )
}

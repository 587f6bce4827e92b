/*
 * What is said, for those who listen instead of look: finished messages only, never letters
 * as they are typed, never pointers.
 */
import { useMemo } from 'react'
import { WORDS } from '../domain/words'
import { usePresence } from './app'
import { useEntries } from './crowd'

/** nobody listens to more of a crowd at once */
const LAST = 40

export function Log() {
  const entries = useEntries()
  const users = usePresence((s) => s.presence.users)
  const said = useMemo(
    () => [...entries.values()].filter((e) => e.state === 'sent').slice(-LAST),
    [entries],
  )
  return (
    <div className="sr-only" role="log" aria-label={WORDS.log} aria-relevant="additions">
      {said.map((e) => (
        <p key={e.key}>
          {e.mine ? WORDS.you : (users.get(e.userId ?? '')?.name ?? e.name)}: {e.text}
        </p>
      ))}
    </div>
  )
}

/*
 * Says that a part of the page could not be loaded. There may be a new version: then a reload helps. While there is no
 * connection, a reload would lose the page, so it offers to request the part again.
 */
import { useEffect, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import { isOffline } from '@asocial/client/core/page'
import { STRINGS } from '../shared/i18n/en'
import { useSession } from '../stores/hooks'
import { missingParts, setReachable, tryAgain } from '../shared/ui/lazy'

export function Incomplete() {
  const some = useStore(missingParts, ({ asks }) => asks.size > 0)
  const away = useStore(missingParts, (s) => s.away)
  const live = useSession((s) => s.link.kind === 'live')
  const offline = useSyncExternalStore(onNetwork, isOffline)
  const reachable = live && !offline
  useEffect(() => setReachable(reachable), [reachable])
  const text = away ? STRINGS.incompleteAway : STRINGS.incomplete
  return (
    <>
      <p className="sr-only" role="status">
        {some && text}
      </p>
      {some && (
        <p
          className="max-w-[min(320px,100vw-20px)] rounded-[10px] forced-colors:border bg-backdrop px-2.5 py-[7px] text-[13px]"
          data-testid="incomplete"
        >
          <span aria-hidden="true">{text}</span>
          <button
            type="button"
            className="ms-2 min-h-[34px] cursor-pointer underline underline-offset-[3px] pointer-coarse:min-h-11"
            onClick={away ? tryAgain : () => location.reload()}
            data-testid={away ? 'request-again' : 'reload'}
          >
            {away ? STRINGS.again : STRINGS.reload}
          </button>
        </p>
      )}
    </>
  )
}

function onNetwork(changed: () => void) {
  const events = ['online', 'offline']
  for (const name of events) addEventListener(name, changed)
  return () => {
    for (const name of events) removeEventListener(name, changed)
  }
}

/*
 * Says that a part of the page could not be loaded, and offers a reload. Not while the server is away: a reload would
 * fail then.
 */
import { useStore } from 'zustand'
import { STRINGS } from '../shared/i18n/en'
import { useSession } from '../stores/hooks'
import { missingParts } from '../shared/ui/lazy'

export function Incomplete() {
  const some = useStore(missingParts, ({ asks }) => asks.size > 0)
  const live = useSession((s) => s.link.kind === 'live')
  return (
    <>
      <p className="sr-only" role="status">
        {some && STRINGS.incomplete}
      </p>
      {some && (
        <p
          className="max-w-[min(320px,100vw-20px)] rounded-[10px] forced-colors:border bg-backdrop px-2.5 py-[7px] text-[13px]"
          data-testid="incomplete"
        >
          <span aria-hidden="true">{STRINGS.incomplete}</span>
          {live && (
            <button
              type="button"
              className="ms-2 min-h-[34px] cursor-pointer underline underline-offset-[3px] pointer-coarse:min-h-11"
              onClick={() => location.reload()}
              data-testid="reload"
            >
              {STRINGS.reload}
            </button>
          )}
        </p>
      )}
    </>
  )
}

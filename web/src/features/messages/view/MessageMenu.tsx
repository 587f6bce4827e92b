/*
 * What you can do with a message: a few buttons below it while it is held.
 */
import { useRef } from 'react'
import type { Entry } from '../model/messages'
import { PANEL_STRINGS } from '../../../shared/i18n/en-panels'
import { useApp } from '../../../stores/hooks'
import { muteAuthor, putAway } from './hold'

const SAY = PANEL_STRINGS.message

export function MessageMenu({ entry, name }: { entry: Entry; name: string | undefined }) {
  const app = useApp()
  const menu = useRef<HTMLDivElement>(null)
  const message = () => menu.current?.closest<HTMLElement>('.breath') ?? null
  // What goes by itself soon need not be put away; the style sheet knows when it should have gone.
  const once = entry.goesAt > entry.expiresAt ? '' : ' once-outlived'
  return (
    <div
      className={`word-menu${entry.mine ? once : ''}`}
      ref={menu}
      data-held=""
      data-testid="word-menu"
    >
      <span className="gone once-outlived">{SAY.outlived}</span>
      <button
        type="button"
        className={once}
        title={SAY.putAwayKey}
        onClick={() => putAway(app, entry, message())}
        data-testid="put-away"
      >
        {SAY.putAway}
      </button>
      {!entry.mine && (
        <button
          type="button"
          title={SAY.muteKey}
          aria-label={SAY.mutePerson(name ?? '')}
          onClick={() => muteAuthor(app, entry, message())}
          data-testid="mute"
        >
          {SAY.mute}
        </button>
      )}
    </div>
  )
}

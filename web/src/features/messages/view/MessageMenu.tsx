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
  const message = () => menu.current?.closest<HTMLElement>('.message-body') ?? null
  // A message that goes soon needs no button to hide it, until it is kept beyond its end (message-menu.css).
  const once = entry.goesAt > entry.expiresAt ? '' : ' once-outlived'
  return (
    <div
      className={`message-menu${entry.mine ? once : ''}`}
      ref={menu}
      data-held=""
      data-testid="message-menu"
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

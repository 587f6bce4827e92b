/*
 * Where you were lately: each a way back, and each forgotten with one press.
 */
import { useEffect, useId } from 'react'
import { useStore } from 'zustand'
import { agoOf } from './model/recent'
import { SHARING_STRINGS } from '../../shared/i18n/en-sharing'
import type { Recent } from './store/recent'

export function Recents({ recent, except }: { recent: Recent; except?: string }) {
  const title = useId()
  const visits = useStore(recent.store, (s) => s.visits)
  useEffect(() => {
    window.addEventListener('pageshow', recent.refresh)
    return () => window.removeEventListener('pageshow', recent.refresh)
  }, [recent])
  const shown = visits.filter(({ channel }) => channel !== except)
  if (shown.length === 0) return null
  const ago = relativeTime()
  const now = recent.wallNow()
  return (
    <nav className="recents" aria-labelledby={title} data-testid="recents">
      <h2 id={title}>{SHARING_STRINGS.recent}</h2>
      <ul>
        {shown.map(({ channel, at }) => {
          const { value, unit } = agoOf(at, now)
          return (
            <li key={channel} data-testid="recent">
              <a href={`/c/${channel}`}>
                <span className="truncate" translate="no">
                  {channel}
                </span>
                <time dateTime={new Date(at).toISOString()}>{ago?.format(value, unit)}</time>
              </a>
              <button
                type="button"
                aria-label={SHARING_STRINGS.forget(channel)}
                title={SHARING_STRINGS.forget(channel)}
                onClick={() => recent.forget(channel)}
                data-testid="forget"
              >
                <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
                  <path
                    d="M6 6l8 8M14 6l-8 8"
                    stroke="currentColor"
                    strokeWidth="1.5"
                    strokeLinecap="round"
                  />
                </svg>
              </button>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}

/** Older browsers have none: then it is not told how long ago. */
function relativeTime() {
  const { RelativeTimeFormat } = Intl as Partial<typeof Intl>
  return (
    RelativeTimeFormat &&
    new RelativeTimeFormat(document.documentElement.lang || 'en', { numeric: 'auto' })
  )
}

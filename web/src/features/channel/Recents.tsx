/*
 * Recent channels, each with a link and a button that removes it.
 */
import { useEffect, useId } from 'react'
import { useStore } from 'zustand'
import { pathOf } from './model/address'
import { agoOf, shownName, starredFirst } from './model/recent'
import { SHARING_STRINGS } from '../../shared/i18n/en-sharing'
import type { Recent } from './store/recent'
import { LockIcon } from '../sealed/LockIcon'
import { Star } from './Star'

/** `list` for a panel; `row` for the start page, where a phone scrolls it sideways. */
const LOOKS = {
  list: {
    nav: 'mb-1.5 border-b border-line pb-1.5',
    title: '',
    list: '',
    link: 'justify-between gap-2.5',
    name: '',
    forget: '-me-1.5',
  },
  row: {
    nav: 'flex flex-wrap items-center justify-center gap-x-3.5 narrow:-mx-5 narrow:max-w-screen narrow:scrollbar-none narrow:flex-nowrap narrow:justify-start narrow:overflow-x-auto narrow:px-5',
    title: 'leading-5 narrow:whitespace-nowrap',
    list: 'flex flex-wrap justify-center gap-x-3.5 text-sm/5 narrow:w-max narrow:flex-nowrap',
    link: 'gap-[7px]',
    name: 'max-w-[15em] font-[560] narrow:max-w-[11em]',
    forget: '',
  },
}

interface RecentsProps {
  readonly recent: Recent
  readonly except?: string
  readonly look: keyof typeof LOOKS
}

export function Recents({ recent, except, look: name }: RecentsProps) {
  const look = LOOKS[name]
  const title = useId()
  const visits = useStore(recent.store, (s) => s.visits)
  useEffect(() => {
    window.addEventListener('pageshow', recent.refresh)
    return () => window.removeEventListener('pageshow', recent.refresh)
  }, [recent])
  const shown = starredFirst(visits.filter(({ channel }) => channel !== except))
  if (shown.length === 0) return null
  const ago = relativeTime()
  const now = recent.wallNow()
  return (
    <nav className={look.nav} aria-labelledby={title} data-testid="recents">
      <h2 id={title} className={`text-[13px] text-faint ${look.title}`}>
        {SHARING_STRINGS.recent}
      </h2>
      <ul className={look.list}>
        {shown.map((visit) => {
          const { channel, at, starred = false } = visit
          const shownAs = shownName(visit)
          const { value, unit } = agoOf(at, now)
          return (
            <li key={channel} className="flex min-w-0 items-center" data-testid="recent">
              <button
                type="button"
                className={`grid size-[30px] flex-none cursor-pointer place-items-center rounded-[10px] hover:text-ink pointer-coarse:size-11 ${starred ? '' : 'text-faint'}`}
                aria-label={SHARING_STRINGS.starChannel(shownAs)}
                aria-pressed={starred}
                title={SHARING_STRINGS.starChannel(shownAs)}
                onClick={() => recent.star(channel, !starred)}
                data-testid="star"
              >
                <Star full={starred} />
              </button>
              <a
                href={pathOf(visit)}
                className={`group flex min-w-0 flex-1 items-baseline py-[7px] pointer-coarse:py-3 ${look.link}`}
              >
                <span
                  className={`truncate underline-offset-4 group-hover:underline ${look.name}`}
                  translate="no"
                >
                  {visit.fragment !== undefined && <LockIcon />}
                  {shownAs}
                </span>
                <time
                  className="flex-none text-[13px] text-faint"
                  dateTime={new Date(at).toISOString()}
                >
                  {ago?.format(value, unit)}
                </time>
              </a>
              <button
                type="button"
                className={`grid size-[30px] flex-none cursor-pointer place-items-center rounded-[10px] text-faint hover:text-ink pointer-coarse:size-11 ${look.forget}`}
                aria-label={SHARING_STRINGS.forget(shownAs)}
                title={SHARING_STRINGS.forget(shownAs)}
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

/** Undefined in older browsers, which then show no time. */
function relativeTime() {
  const { RelativeTimeFormat } = Intl as Partial<typeof Intl>
  return (
    RelativeTimeFormat &&
    new RelativeTimeFormat(document.documentElement.lang || 'en', { numeric: 'auto' })
  )
}

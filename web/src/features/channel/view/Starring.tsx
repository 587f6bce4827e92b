/*
 * The star of this channel, and whether the browser notifies you when somebody comes to it.
 */
import { useState } from 'react'
import { useStore } from 'zustand'
import { PANEL_STRINGS } from '../../../shared/i18n/en-panels'
import { askToNotify, notifyState } from '../../../shared/ui/notify'
import { Status } from '../../../shared/ui/Status'
import { useApp, useSession, useSettings } from '../../../stores/hooks'
import { isStarred } from '../model/recent'
import type { Recent } from '../store/recent'
import { Star } from '../Star'

const SAY = PANEL_STRINGS.starring
const ROW =
  'flex min-h-[34px] w-full cursor-pointer items-center gap-2.5 text-start pointer-coarse:min-h-11'

export function Starring({ recent }: { recent: Recent }) {
  const { settings } = useApp()
  const channel = useSession((s) => s.channel)
  const starred = useStore(recent.store, (s) => isStarred(s.visits, channel))
  const wanted = useSettings((s) => s.arrivals)
  const [state, setState] = useState(notifyState)
  const [asked, setAsked] = useState(false)
  const on = wanted && state === 'granted'
  const why = state === 'missing' ? SAY.missing : state === 'denied' ? SAY.blocked : SAY.why
  const turn = async (arrivals: boolean) => {
    // The browser asks here, and at no other time.
    const now = arrivals ? await askToNotify() : state
    setState(now)
    setAsked(true)
    settings.set({ arrivals: arrivals && now === 'granted' })
  }
  return (
    <div className="mb-1.5 border-b border-line pb-1.5" data-testid="starring">
      <button
        type="button"
        className={`${ROW} ${starred ? '' : 'text-faint hover:text-ink'}`}
        aria-pressed={starred}
        onClick={() => recent.star(channel, !starred)}
        data-testid="star-this"
      >
        <Star full={starred} />
        <span>{SAY.star}</span>
      </button>
      {starred && (
        <>
          <label className={`${ROW} justify-between`}>
            <span>{SAY.arrivals}</span>
            <input
              type="checkbox"
              className="size-[18px] flex-none cursor-pointer accent-ink pointer-coarse:size-6"
              checked={on}
              aria-describedby="arrivals-why"
              onChange={(event) => void turn(event.target.checked)}
              data-testid="arrivals"
            />
          </label>
          <p id="arrivals-why" className="text-xs/4 text-faint">
            {why}
          </p>
          <Status text={asked && state !== 'granted' ? why : ''} />
        </>
      )}
    </div>
  )
}

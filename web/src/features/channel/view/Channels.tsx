/*
 * Opens from the channel's name: recent channels, a new one, and the start page.
 */
import { useState } from 'react'
import { useStore } from 'zustand'
import { SEALED_STRINGS } from '../../../shared/i18n/en-sealed'
import { SHARING_STRINGS } from '../../../shared/i18n/en-sharing'
import { browserStorage } from '../../../shared/store/deps'
import { createRecent } from '../store/recent'
import { useSession } from '../../../stores/hooks'
import { Panel } from '../../../shared/ui/Panel'
import { Starring } from './Starring'
import { LandmarkList } from '../../landmarks/LandmarkList'
import { Recents } from '../Recents'

const WAY = 'flex-1 py-[7px] underline-offset-4 hover:underline pointer-coarse:py-3'

export function Channels({ close }: { close(): void }) {
  const channel = useSession((s) => s.channel)
  const isSealed = useSession((s) => s.fragment !== undefined)
  const [recent] = useState(() => createRecent(browserStorage(), Date.now))
  const isKept = useStore(recent.store, (s) => s.visits.some((visit) => visit.channel === channel))
  return (
    <Panel label={SHARING_STRINGS.channels} testId="channels-panel" close={close}>
      <LandmarkList close={close} />
      {(!isSealed || isKept) && <Starring recent={recent} />}
      <Recents recent={recent} except={channel} look="list" />
      <ul>
        <li>
          <a className={WAY} href="/#new">
            {SHARING_STRINGS.newChannel}
          </a>
        </li>
        <li>
          <a className={WAY} href="/s/#new" data-testid="new-sealed">
            {SEALED_STRINGS.open}
          </a>
        </li>
        <li>
          <a className={WAY} href="/" data-testid="to-start">
            {SHARING_STRINGS.toStart}
          </a>
        </li>
      </ul>
    </Panel>
  )
}

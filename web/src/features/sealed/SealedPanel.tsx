/*
 * What a sealed channel protects and what not, and whether this browser remembers its link. The only place where a key is
 * stored, and only because the visitor asked for it.
 */
import { useState } from 'react'
import { useStore } from 'zustand'
import { SEALED_STRINGS } from '../../shared/i18n/en-sealed'
import { browserStorage } from '../../shared/store/deps'
import { Panel } from '../../shared/ui/Panel'
import { useSession } from '../../stores/hooks'
import { createRecent } from '../channel/store/recent'
import { LockIcon } from './LockIcon'

export function SealedPanel({ close }: { close(): void }) {
  const channel = useSession((s) => s.channel)
  const fragment = useSession((s) => s.fragment) ?? ''
  const [recent] = useState(() => createRecent(browserStorage(), Date.now))
  const kept = useStore(recent.store, (s) => s.visits.some((visit) => visit.channel === channel))
  return (
    <Panel label={SEALED_STRINGS.title} testId="sealed-panel" close={close}>
      <h2 className="flex items-center gap-1 pb-1.5 font-semibold">
        <LockIcon />
        {SEALED_STRINGS.title}
      </h2>
      <p className="pb-1.5">{SEALED_STRINGS.protects}</p>
      <p className="pb-1.5">{SEALED_STRINGS.exposes}</p>
      <label className="flex min-h-[34px] cursor-pointer items-center justify-between gap-3 border-t border-line pt-1.5 pointer-coarse:min-h-11">
        <span>{SEALED_STRINGS.remember}</span>
        <input
          type="checkbox"
          className="size-[18px] flex-none cursor-pointer accent-ink pointer-coarse:size-6"
          checked={kept}
          aria-describedby="remember-why"
          onChange={({ target: { checked } }) =>
            checked ? recent.keep(channel, fragment) : recent.forget(channel)
          }
          data-testid="remember"
        />
      </label>
      <p id="remember-why" className="text-xs/4 text-faint">
        {SEALED_STRINGS.rememberWhy}
      </p>
    </Panel>
  )
}

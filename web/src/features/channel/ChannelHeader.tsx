/*
 * The name of the channel, the lock of a sealed one, and sharing. Each opens a panel, which is loaded when it is opened.
 */
import { useCallback } from 'react'
import { STRINGS } from '../../shared/i18n/en'
import { useApp, useOpen, useSession } from '../../stores/hooks'
import { lazy } from '../../shared/ui/lazy'
import { Chain, Logo } from '../../shared/ui/Logo'

const Channels = lazy(() => import('./view/Channels').then((it) => it.Channels))
const Lock = lazy(() => import('../sealed/Lock').then((it) => it.Lock))
const SealedPanel = lazy(() => import('../sealed/SealedPanel').then((it) => it.SealedPanel))
const Share = lazy(() => import('./view/Share').then((it) => it.Share))

export function ChannelHeader() {
  const { panels } = useApp()
  const name = useSession((s) => s.name)
  const isSealed = useSession((s) => s.fragment !== undefined)
  const channelsOpen = useOpen('channels')
  const shareOpen = useOpen('share')
  const sealedOpen = useOpen('sealed')
  const close = useCallback(() => {
    panels.close('channels')
    panels.close('share')
    panels.close('sealed')
  }, [panels])
  return (
    <>
      {(channelsOpen || shareOpen || sealedOpen) && <div className="scrim" onClick={close} />}
      {/* Beside the people, whose row is at most this wide. */}
      <div className="relative flex max-w-[calc(100vw-310px-var(--safe-left)-var(--safe-right))] min-w-0 items-center gap-1 narrow:max-w-[calc(100vw-168px)]">
        <h1 className="min-w-0">
          <button
            type="button"
            className="control max-w-full min-w-0 ps-1.5 pe-1 font-semibold"
            title={STRINGS.channelsKey}
            aria-expanded={channelsOpen}
            onClick={() => panels.toggle('channels')}
            onPointerEnter={Channels.fetch}
            data-testid="channels"
          >
            <Logo />
            <span className="sr-only">{`Asocial, ${STRINGS.channel} `}</span>
            <span className="truncate" dir="ltr" translate="no" data-testid="channel">
              {name}
            </span>
          </button>
        </h1>
        {isSealed && <Lock />}
        <button
          type="button"
          className="control quiet"
          aria-label={STRINGS.share}
          title={STRINGS.shareKey}
          aria-expanded={shareOpen}
          onClick={() => panels.toggle('share')}
          onPointerEnter={Share.fetch}
          data-testid="share"
        >
          <Chain />
          <span className="narrow:hidden">{STRINGS.share}</span>
        </button>
      </div>
      {channelsOpen && <Channels close={close} />}
      {shareOpen && <Share close={close} />}
      {sealedOpen && <SealedPanel close={close} />}
    </>
  )
}

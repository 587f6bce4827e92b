/*
 * Where you are, and the way to bring others here. Both open a panel, fetched when it is wanted.
 */
import { useCallback } from 'react'
import { WORDS } from '../../shared/i18n/en'
import { useApp, useOpen, useSession } from '../../stores/hooks'
import { later } from '../../shared/ui/lazy'
import { Chain, Mark } from '../../shared/ui/Logo'

const Channels = later(() => import('./view/Channels').then((it) => it.Channels))
const Share = later(() => import('./view/Share').then((it) => it.Share))

export function Place() {
  const { panels } = useApp()
  const channel = useSession((s) => s.channel)
  const channelsOpen = useOpen('channels')
  const shareOpen = useOpen('share')
  const close = useCallback(() => {
    panels.close('channels')
    panels.close('share')
  }, [panels])
  return (
    <>
      <div className="relative flex max-w-full min-w-0 items-center gap-1">
        <h1 className="min-w-0">
          <button
            type="button"
            className="control place max-w-full"
            title={WORDS.channelsKey}
            aria-expanded={channelsOpen}
            onClick={() => panels.toggle('channels')}
            onPointerEnter={Channels.fetch}
            data-testid="channels"
          >
            <Mark />
            <span className="sr-only">{`Asocial, ${WORDS.channel} `}</span>
            <span className="truncate" translate="no" data-testid="channel">
              {channel}
            </span>
          </button>
        </h1>
        <button
          type="button"
          className="control quiet"
          aria-label={WORDS.share}
          title={WORDS.shareKey}
          aria-expanded={shareOpen}
          onClick={() => panels.toggle('share')}
          onPointerEnter={Share.fetch}
          data-testid="share"
        >
          <Chain />
          <span className="wide-only">{WORDS.share}</span>
        </button>
      </div>
      {channelsOpen && <Channels close={close} />}
      {shareOpen && <Share close={close} />}
    </>
  )
}

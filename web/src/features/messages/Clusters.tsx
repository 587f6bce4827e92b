/*
 * Clusters: when zoomed out, messages that lie together become one patch with their number. Pressing it zooms in.
 */
import { useOrigin, useApp } from '../../stores/hooks'
import type { Cluster } from './model/gather'
import { ink } from '../../shared/palette'
import type { Entry } from '@asocial/client/core/messages'
import { STRINGS } from '../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'

export function Clusters({ clusters }: { clusters: readonly Cluster<Entry>[] }) {
  const { camera, presence } = useApp()
  const origin = useOrigin()
  return clusters.map(({ key, at, members }) => {
    const colors = members
      .slice(0, 2)
      .map(({ userId, color }) => presence.profile(userId ?? '')?.color ?? color)
    const size = Math.min(150, 72 + Math.sqrt(members.length) * 12)
    return (
      <div key={key} className="anchor" style={{ left: at.x - origin.x, top: at.y - origin.y }}>
        <button
          type="button"
          className="cluster"
          style={{ width: size, height: size, color: ink(colors[0]) }}
          aria-label={OTHERS_STRINGS.cluster(members.length)}
          data-held=""
          data-count={members.length}
          onClick={() => camera.flyTo({ ...at, zoom: 1 })}
          data-testid="cluster"
        >
          <i style={{ color: ink(colors.at(-1)) }} />
          <b>{STRINGS.number(members.length)}</b>
        </button>
      </div>
    )
  })
}

/*
 * Reactions on the canvas: line figures in their author's colour that rise from their point. The browser animates them. They
 * take no press and no focus, and screen readers skip them.
 */
import { memo, type CSSProperties } from 'react'
import { useStore } from 'zustand'
import { driftsOf, type Drift } from './model/burst'
import { ink } from '../../shared/palette'
import type { Kind } from '@asocial/client/core/reactions'
import { BURST_MS, type Burst } from './store/reactions'
import { useApp, useOrigin, useProfile, useSelf } from '../../stores/hooks'

/** Each in a square of 24, one stroke, no fill. */
const FIGURES: Record<Exclude<Kind, 'point'>, string> = {
  heart:
    'M12 20C7.6 16.6 3.5 13.2 3.5 9A4.6 4.6 0 0 1 8 4.3c1.8 0 3.2 1 4 2.6.8-1.6 2.2-2.6 4-2.6A4.6 4.6 0 0 1 20.5 9c0 4.2-4.1 7.6-8.5 11Z',
  spark:
    'M12 2.5v6M12 15.5v6M2.5 12h6M15.5 12h6M5.6 5.6l3 3M15.4 15.4l3 3M18.4 5.6l-3 3M8.6 15.4l-3 3',
  laugh:
    'M5.5 9.5c.9-1.7 2.9-1.7 3.8 0M14.7 9.5c.9-1.7 2.9-1.7 3.8 0M5 13.5c3.4 1 10.6 1 14 0-.5 4-3.3 6.5-7 6.5s-6.5-2.5-7-6.5Z',
  wave: 'M7 13.5 4.8 9.8a1.5 1.5 0 0 1 2.6-1.5l2 3.4-3-5.2A1.5 1.5 0 0 1 9 5l3 5.2-2.2-3.8A1.5 1.5 0 0 1 12.4 5l3.1 5.3-.9-2.8c-.6-2 2.2-2.9 2.9-1l1.7 4.7c1.3 3.7 0 7.2-3 8.9-3.2 1.9-6.6.7-8.4-2.5ZM19.5 3.5c1.2.7 2 1.7 2.3 3M3.2 16.8c.5 1.8 1.5 3.1 3 4',
  agree: 'M4 12.8 9.4 18 20 6.5',
  question: 'M8 8.3C8.3 5.7 10 4.2 12.3 4.2c2.5 0 4.2 1.6 4.2 3.8 0 3.5-4.3 3.7-4.3 7M12.2 19.8v.1',
}

export function Figure({ kind }: { kind: Exclude<Kind, 'point'> }) {
  return (
    <svg className="figure" viewBox="0 0 24 24" aria-hidden="true">
      <path d={FIGURES[kind]} />
    </svg>
  )
}

export function Bursts() {
  const { reactions } = useApp()
  const bursts = useStore(reactions.store, (s) => s.bursts)
  return bursts.map((burst) => <BurstView key={burst.id} burst={burst} />)
}

const BurstView = memo(function BurstView({ burst: { id, kind, userId, at } }: { burst: Burst }) {
  const origin = useOrigin()
  const self = useSelf()
  const profile = useProfile(userId)
  const color = userId === undefined ? self.color : profile?.color
  return (
    <div
      className="anchor burst"
      style={{ left: at.x - origin.x, top: at.y - origin.y, color: ink(color) }}
      aria-hidden="true"
      data-kind={kind}
      data-user-id={userId}
      data-x={at.x}
      data-y={at.y}
      data-testid="burst"
    >
      {kind === 'point' ? (
        <i className="ring" />
      ) : (
        driftsOf(id, BURST_MS).map((drift, i) => (
          <i key={i} className="drift" style={moving(drift)}>
            <Figure kind={kind} />
          </i>
        ))
      )}
    </div>
  )
})

const moving = ({ dx, dy, turn, size, delay, lasts }: Drift) =>
  ({
    '--dx': `${dx.toFixed(1)}px`,
    '--dy': `${dy.toFixed(1)}px`,
    '--turn': `${turn.toFixed(1)}deg`,
    width: size,
    height: size,
    animationDelay: `${Math.round(delay)}ms`,
    animationDuration: `${Math.round(lasts)}ms`,
  }) as CSSProperties

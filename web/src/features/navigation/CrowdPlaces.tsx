/*
 * A crowd from far above: a soft glow where people are, and a number where messages are that the server does not send us
 * (W164). Pressing a number goes there.
 */
import { useStore } from 'zustand'
import { isWithin, spotAt } from './model/activity'
import { goTo } from './store/finding'
import { GATHER_ZOOM } from '../messages/model/gather'
import { screenToWorld, type Point } from '../canvas/model/camera'
import { STRINGS } from '../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { useApp, useOrigin } from '../../stores/hooks'

/** From this zoom on, the plane is so far away that glows do not tint all of it. */
const GLOW_ZOOM = 0.2
/** The glow reaches over the edges of its place. */
const GLOW_SHARE = 1.7
/** so many people have the strongest glow */
const DENSE = 60

const strength = (people: number) =>
  people === 0 ? 0 : 0.25 + 0.75 * Math.min(1, Math.sqrt(people / DENSE))
const keyOf = ({ x, y }: Point) => `${x},${y}`

export function CrowdPlaces() {
  const app = useApp()
  const { camera, crowd } = app
  const { region, size, places } = useStore(crowd, (s) => s)
  const isFar = useStore(camera.store, (s) => s.camera.zoom <= GATHER_ZOOM)
  const glows = useStore(camera.store, (s) => s.camera.zoom <= GLOW_ZOOM)
  // In steps of one place, so that a pan seldom renders.
  const where = useStore(camera.store, (s) => {
    const corner = { x: s.view.width, y: s.view.height }
    const from = screenToWorld(s.camera, s.view, { x: 0, y: 0 })
    const to = screenToWorld(s.camera, s.view, corner)
    const step = (value: number) => Math.floor(value / Math.max(1, size))
    return isFar ? [step(from.x), step(from.y), step(to.x), step(to.y)].join() : ''
  })
  const origin = useOrigin()
  if (!isFar || !region) return null
  const [left = 0, top = 0, right = 0, bottom = 0] = where.split(',').map(Number)
  const seen = {
    left: (left - 1) * size,
    top: (top - 1) * size,
    right: (right + 2) * size,
    bottom: (bottom + 2) * size,
  }
  const shown = [...places.values()].filter(({ at }) => isWithin(seen, at))
  const unread = shown.filter(({ at, messages }) => messages > 0 && !isWithin(region, at))
  const anchor = ({ x, y }: Point) => ({ left: x - origin.x, top: y - origin.y })
  const wide = size * GLOW_SHARE
  return (
    <>
      {(glows ? shown : []).map(({ at, people }) => (
        <i
          key={keyOf(at)}
          className="crowd-glow"
          style={{ ...anchor(at), width: wide, height: wide, opacity: strength(people) }}
          data-people={people}
          data-testid="crowd-glow"
        />
      ))}
      {unread.map((place) => {
        const { at, messages } = place
        return (
          <div key={keyOf(at)} className="anchor" style={anchor(at)}>
            <button
              type="button"
              className="cluster crowd-messages"
              aria-label={OTHERS_STRINGS.cluster(messages)}
              data-held=""
              data-count={messages}
              onClick={() => goTo(app, [spotAt(place, size)])}
              data-testid="crowd-messages"
            >
              <b>{STRINGS.number(messages)}</b>
            </button>
          </div>
        )
      })}
    </>
  )
}

/*
 * The messages for screen readers: posted ones only, no drafts and no pointers. Each is announced once, with the
 * direction in which it appeared. A log that changed with every movement of the view would be announced again and again.
 */
import { useEffect, useState } from 'react'
import type { Point } from '../canvas/model/camera'
import { bearingOf, type Way } from '../navigation/model/directions'
import type { Entry } from '@asocial/client/core/messages'
import { STRINGS } from '../../shared/i18n/en'
import type { App } from '../../stores/app'
import { useApp } from '../../stores/hooks'

/** the latest ones; more are too many to listen to */
const LAST = 40
/** messages within this time are announced together */
const ANNOUNCE_EVERY_MS = 200

interface Line {
  readonly key: string
  readonly text: string
}

export function Log() {
  const app = useApp()
  const [lines, setLines] = useState<readonly Line[]>([])
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const announce = () => {
      timer = undefined
      setLines((before) => linesOf(app, before))
    }
    const stop = app.messages.store.subscribe((now, before) => {
      if (now.messages.entries !== before.messages.entries)
        timer ??= setTimeout(announce, ANNOUNCE_EVERY_MS)
    })
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [app])
  return (
    <div className="sr-only" role="log" aria-label={STRINGS.log} aria-relevant="additions">
      {lines.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  )
}

function linesOf(app: App, before: readonly Line[]): readonly Line[] {
  const known = new Map(before.map((line) => [line.key, line]))
  const posted = [...app.messages.store.getState().messages.entries.values()].filter(
    ({ state }) => state === 'sent',
  )
  return posted.slice(-LAST).map((entry) => known.get(entry.key) ?? lineOf(app, entry))
}

function lineOf(app: App, { key, mine, userId, name, text, at }: Entry): Line {
  const known = userId === undefined ? undefined : app.presence.profile(userId)
  const who = mine ? STRINGS.you : (known?.name ?? name ?? STRINGS.someone)
  return { key, text: STRINGS.heard(who, placeOf(app, at), text) }
}

/** Where a point is, seen from the view, in words; '' within the view. */
export function placeOf(app: App, at: Point): string {
  const { camera, view } = app.camera.store.getState()
  const { way, far } = bearingOf(camera, view, at)
  const where = wordOf(way)
  return where && far ? STRINGS.far(where) : where
}

function wordOf([x, y]: Way): string {
  const { where } = STRINGS
  if (y < 0) return x < 0 ? where.aboveLeft : x > 0 ? where.aboveRight : where.above
  if (y > 0) return x < 0 ? where.belowLeft : x > 0 ? where.belowRight : where.below
  return x < 0 ? where.left : x > 0 ? where.right : ''
}

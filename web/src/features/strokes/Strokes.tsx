/*
 * Strokes on the plane: a line each, in its author's colour, that fades as messages do. They take no press and no focus.
 */
import { memo, useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { STRINGS } from '../../shared/i18n/en'
import { REFUSAL_STRINGS } from '../../shared/i18n/en-refusals'
import { ink } from '../../shared/palette'
import { useEscape } from '../../shared/ui/escape'
import { Status } from '../../shared/ui/Status'
import { useApp, useOrigin, useProfile, useSelf } from '../../stores/hooks'
import type { App } from '../../stores/app'
import { placeOf } from '../messages/Log'
import { pathOf } from './model/points'
import type { Stroke } from './model/strokes'
import { createDrawing, type Drawing, type Note } from './store/drawing'
import { useFading } from './view/fading'

/** above this many, a layer for each would cost frames */
const RICH_MAX = 24
/** the strokes of one person within this time are announced once */
const ANNOUNCE_EVERY_MS = 10_000
const ANNOUNCED_MAX = 5

export function Strokes() {
  const app = useApp()
  const [drawing] = useState(() => app.strokes.ready(() => createDrawing(app)))
  const living = useStore(drawing.store, (s) => s.strokes.entries)
  const ours = useStore(drawing.store, (s) => s.drawing)
  const note = useStore(drawing.store, (s) => s.note)
  useEscape(ours, drawing.cancel)
  return (
    <>
      {[...living.values()].map((stroke) => (
        <Line key={stroke.key} stroke={stroke} rich={living.size <= RICH_MAX} />
      ))}
      {note && <Why at={note.at} text={whyOf(note)} />}
      <Status text={note ? whyOf(note) : ''} />
      <Announced drawing={drawing} />
    </>
  )
}

const Line = memo(function Line({ stroke, rich }: { stroke: Stroke; rich: boolean }) {
  const { mine, userId, points, state } = stroke
  const origin = useOrigin()
  const self = useSelf()
  const profile = useProfile(userId)
  const box = useRef<HTMLDivElement>(null)
  useFading(box, stroke, rich)
  const [from = { x: 0, y: 0 }] = points
  return (
    <div
      className="stroke"
      ref={box}
      style={{
        left: from.x - origin.x,
        top: from.y - origin.y,
        color: ink(mine ? self.color : (profile?.color ?? stroke.color)),
      }}
      aria-hidden="true"
      data-state={state}
      data-mine={mine || undefined}
      data-user-id={userId}
      data-x={from.x}
      data-y={from.y}
      data-testid="stroke"
    >
      <svg width="1" height="1">
        <path d={pathOf(points, from)} />
      </svg>
    </div>
  )
})

function whyOf({ error: { limit = '', code, message } }: Note): string {
  const { limited, message: byCode } = REFUSAL_STRINGS
  return limited[limit] ?? byCode[code] ?? STRINGS.refusedOther(message)
}

/** Why our stroke was refused, at its end. */
function Why({ at, text }: { at: Note['at']; text: string }) {
  const origin = useOrigin()
  return (
    <p
      className="anchor stroke-note"
      style={{ left: at.x - origin.x, top: at.y - origin.y }}
      aria-hidden="true"
      data-testid="stroke-note"
    >
      <span>{text}</span>
    </p>
  )
}

/** For screen readers: who drew, and where. */
function Announced({ drawing }: { drawing: Drawing }) {
  const app = useApp()
  const muted = useStore(app.muted.store, (s) => s.people)
  const [lines, setLines] = useState<readonly Announcement[]>([])
  useEffect(() => {
    const last = new Map<string, number>()
    let known = new Set<string>()
    const announce = () => {
      const now = app.now()
      const news: Announcement[] = []
      const living = [...drawing.store.getState().strokes.entries.values()]
      const finished = living.filter(({ mine, state }) => !mine && state === 'sent')
      for (const stroke of finished) {
        const { key, userId } = stroke
        if (known.has(key) || userId === undefined) continue
        const before = last.get(userId)
        if (before !== undefined && now - before < ANNOUNCE_EVERY_MS) continue
        last.set(userId, now)
        news.push({ key, userId, text: lineOf(app, stroke) })
      }
      known = new Set(finished.map(({ key }) => key))
      if (news.length > 0) setLines((shown) => [...shown, ...news].slice(-ANNOUNCED_MAX))
    }
    // Those that came before this was shown.
    const timer = setTimeout(announce)
    const stop = drawing.store.subscribe((now, before) => {
      if (now.strokes.entries !== before.strokes.entries) announce()
    })
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [app, drawing])
  return (
    <div
      className="sr-only"
      role="log"
      aria-label={OTHERS_STRINGS.strokes.log}
      aria-relevant="additions"
    >
      {lines.map(({ key, userId, text }) => !muted.has(userId) && <p key={key}>{text}</p>)}
    </div>
  )
}

interface Announcement {
  readonly key: string
  readonly userId: string
  readonly text: string
}

function lineOf(app: App, { userId, name, points }: Stroke): string {
  const known = userId === undefined ? undefined : app.presence.profile(userId)
  const [at = { x: 0, y: 0 }] = points
  return OTHERS_STRINGS.strokes.drew(known?.name ?? name ?? STRINGS.someone, placeOf(app, at))
}

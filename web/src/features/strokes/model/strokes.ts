/*
 * The strokes on the canvas, as a pure state: those that are being drawn, and those that live (W110 to W112).
 *
 * `(user_id, message_id)` identifies a stroke, as it does a message. The key of ours has no user id. Times are the server's
 * clock, passed in.
 */
import type { Point } from '../../canvas/model/camera'
import type { StrokeFrame } from '@asocial/client/core/frames'
import { keyOf, ownKey } from '@asocial/client/core/messages'
import { fromWire } from './points'

export interface Stroke {
  readonly key: string
  readonly messageId: string
  readonly mine: boolean
  readonly userId: string | undefined
  /** from the frame of a finished stroke; undefined: look the author up */
  readonly name: string | undefined
  readonly color: string | undefined
  readonly points: readonly Point[]
  readonly state: 'drawn' | 'pending' | 'sent'
  readonly timestamp: number
  /** when it goes */
  readonly expiresAt: number
}

export interface Strokes {
  readonly living: ReadonlyMap<string, Stroke>
  /** keys of strokes that ended, each until no straggling state of it can follow */
  readonly ended: ReadonlyMap<string, number>
  /** the owner cleared everything until then (W65) */
  readonly cleared: number
}

export const NO_STROKES: Strokes = { living: new Map(), ended: new Map(), cleared: -Infinity }

/** Others' strokes that stop growing are removed after this time (W110). */
export const DRAWN_LIFE_MS = 10_000
const ENDED_MS = 15_000
/** the oldest are removed first */
export const STROKES_MAX = 150

export function put(strokes: Strokes, stroke: Stroke): Strokes {
  const living = new Map(strokes.living).set(stroke.key, stroke)
  const [oldest] = living.keys()
  if (living.size > STROKES_MAX && oldest !== undefined) living.delete(oldest)
  return { ...strokes, living }
}

export function drop(strokes: Strokes, key: string): Strokes {
  if (!strokes.living.has(key)) return strokes
  const living = new Map(strokes.living)
  living.delete(key)
  return { ...strokes, living }
}

/** Ours, as it grows or waits for the server. */
export function own(
  strokes: Strokes,
  { messageId, points, state }: Pick<Stroke, 'messageId' | 'points' | 'state'>,
  now: number,
  life: number,
): Strokes {
  return put(strokes, {
    ...{ key: ownKey(messageId), messageId, mine: true, points, state },
    ...{ userId: undefined, name: undefined, color: undefined },
    timestamp: now,
    expiresAt: state === 'drawn' ? Infinity : now + life,
  })
}

/** A stroke from the server: a state of one that is drawn, or a finished one. */
export function onStroke(
  strokes: Strokes,
  frame: StrokeFrame,
  selfId: string | undefined,
  now: number,
): Strokes {
  const { user_id, message_id, timestamp, expires_at } = frame
  const finished = timestamp !== undefined && expires_at !== undefined
  const points = fromWire(frame.points, finished ? 2 : 0)
  const mine = user_id === selfId
  const key = keyOf(mine, user_id, message_id)
  const before = strokes.living.get(key)
  if (!points || before?.state === 'sent' || strokes.ended.has(key)) return strokes
  if (!finished) {
    if (mine) return strokes
    if (points.length === 0) return end(drop(strokes, key), key, now)
    return put(strokes, {
      ...{ key, messageId: message_id, mine, userId: user_id, points, state: 'drawn' },
      ...{ name: undefined, color: undefined },
      timestamp: now,
      expiresAt: now + DRAWN_LIFE_MS,
    })
  }
  const over = expires_at <= now || timestamp <= strokes.cleared
  const ended = end(strokes, key, Math.max(now, expires_at))
  if (over) return drop(ended, key)
  return put(ended, {
    ...{ key, messageId: message_id, mine, userId: user_id, points, state: 'sent' },
    ...{ name: frame.name, color: frame.color, timestamp, expiresAt: expires_at },
  })
}

/** From now on, states of this stroke are ignored: they are late. */
export function end(strokes: Strokes, key: string, at: number): Strokes {
  return { ...strokes, ended: new Map(strokes.ended).set(key, at + ENDED_MS) }
}

export function onAck(
  strokes: Strokes,
  {
    message_id,
    timestamp,
    expires_at,
  }: { message_id: string; timestamp: number; expires_at: number },
): Strokes {
  const stroke = strokes.living.get(ownKey(message_id))
  if (stroke?.state !== 'pending') return strokes
  const sent = end(strokes, stroke.key, expires_at)
  return put(sent, { ...stroke, state: 'sent', timestamp, expiresAt: expires_at })
}

/** Someone left or was muted. `drawn`: remove only what they were drawing. */
export function without(strokes: Strokes, userId: string, only?: 'drawn'): Strokes {
  return keep(
    strokes,
    ({ mine, userId: of, state }) => mine || of !== userId || (only && state !== only),
  )
}

/** Removes strokes finished until then, and those that others are drawing. */
export function clear(strokes: Strokes, until: number): Strokes {
  const kept = keep(strokes, ({ mine, state, timestamp }) =>
    state === 'sent' ? timestamp > until : mine,
  )
  return { ...kept, cleared: Math.max(strokes.cleared, until) }
}

/** The server's clock was set: strokes keep the time they have left. */
export function shift(strokes: Strokes, ms: number): Strokes {
  const moved = [...strokes.living].map(([key, stroke]) => {
    const { timestamp, expiresAt } = stroke
    return [key, { ...stroke, timestamp: timestamp + ms, expiresAt: expiresAt + ms }] as const
  })
  const ended = [...strokes.ended].map(([key, at]) => [key, at + ms] as const)
  const cleared = strokes.cleared + ms
  return { living: new Map(moved), ended: new Map(ended), cleared }
}

/** Removes what ended by `now`. */
export function cull(strokes: Strokes, now: number): Strokes {
  const kept = keep(strokes, ({ expiresAt }) => expiresAt > now)
  const ended = [...strokes.ended].filter(([, until]) => until > now)
  return ended.length === strokes.ended.size ? kept : { ...kept, ended: new Map(ended) }
}

/** The next moment at which `cull` has something to do. */
export function nextCull(strokes: Strokes): number {
  return Math.min(Infinity, ...[...strokes.living.values()].map(({ expiresAt }) => expiresAt))
}

function keep(strokes: Strokes, wanted: (stroke: Stroke) => boolean | undefined): Strokes {
  const living = [...strokes.living].filter(([, stroke]) => wanted(stroke))
  return living.length === strokes.living.size ? strokes : { ...strokes, living: new Map(living) }
}

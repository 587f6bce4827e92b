/*
 * The strokes on the canvas, as a pure state: those that are being drawn, and those that live (W110 to W112). How they begin and
 * end is in @asocial/client/core/lives, as for messages.
 *
 * `(user_id, message_id)` identifies a stroke, as it does a message. The key of ours has no user id. Times are the server's
 * clock, passed in.
 */
import type { Point } from '../../canvas/model/camera'
import type { StrokeFrame } from '@asocial/client/core/frames'
import * as lives from '@asocial/client/core/lives'
import { draftAt, edited, endOf, newLives } from '@asocial/client/core/lives'
import { keyOf, ownKey } from '@asocial/client/core/messages'
import { fromWire } from './points'

export interface Stroke extends lives.Life {
  readonly messageId: string
  /** from the frame of a finished stroke; undefined: look the author up */
  readonly name: string | undefined
  readonly color: string | undefined
  readonly points: readonly Point[]
  readonly state: 'draft' | 'pending' | 'sent'
}

export type Strokes = lives.StateOfLives<Stroke>

export const NO_STROKES: Strokes = newLives()

/** the oldest are removed first */
export const STROKES_MAX = 150

function limit({ entries }: lives.Lives<Stroke>) {
  const [oldest] = entries.keys()
  if (entries.size > STROKES_MAX && oldest !== undefined) entries.delete(oldest)
}

export const drop = (strokes: Strokes, key: string): Strokes =>
  edited(strokes, ({ entries }) => entries.delete(key))

/** Ours, as it grows or waits for the server. */
export function own(
  strokes: Strokes,
  { messageId, points, state }: Pick<Stroke, 'messageId' | 'points' | 'state'>,
  now: number,
  life: number,
): Strokes {
  const key = ownKey(messageId)
  const stroke = {
    ...{ key, messageId, mine: true, points, state },
    ...{ userId: undefined, name: undefined, color: undefined },
    timestamp: now,
    expiresAt: state === 'draft' ? Infinity : now + life,
  }
  return edited(strokes, (all) => {
    all.entries.set(key, stroke)
    limit(all)
    return true
  })
}

/** A stroke from the server: a state of one that is drawn, or a finished one. */
export function onStroke(
  strokes: Strokes,
  frame: StrokeFrame,
  selfId: string | undefined,
  now: number,
): Strokes {
  const { user_id: userId, message_id: messageId, timestamp, expires_at: expiresAt } = frame
  const isFinished = timestamp !== undefined && expiresAt !== undefined
  const points = fromWire(frame.points, isFinished ? 2 : 0)
  const mine = userId === selfId
  if (!points || (mine && !isFinished)) return strokes
  const key = keyOf(mine, userId, messageId)
  // One that was abandoned is over: what follows is late.
  const drawn =
    points.length > 0
      ? draftAt(now, true)
      : { state: 'sent' as const, timestamp: now, expiresAt: now }
  const stroke: Stroke = {
    ...{ key, messageId, mine, userId, points, name: frame.name, color: frame.color },
    ...(isFinished ? { state: 'sent', timestamp, expiresAt } : drawn),
  }
  return edited(strokes, (all) => {
    const begun = lives.begin(all, stroke, now)
    limit(all)
    return begun
  })
}

export function onAck(
  strokes: Strokes,
  {
    message_id,
    timestamp,
    expires_at: expiresAt,
  }: { message_id: string; timestamp: number; expires_at: number },
): Strokes {
  const stroke = strokes.entries.get(ownKey(message_id))
  if (stroke?.state !== 'pending') return strokes
  const sent: Stroke = { ...stroke, state: 'sent', timestamp, expiresAt }
  return edited(strokes, (all) => lives.begin(all, sent, timestamp))
}

/** Somebody was muted. */
export const without = (strokes: Strokes, userId: string): Strokes =>
  edited(strokes, ({ entries }) =>
    lives.remove(entries, (each) => !each.mine && each.userId === userId),
  )

/** Removes what others were drawing who left. */
export const endDrafts = (strokes: Strokes, isGone: (userId: string) => boolean): Strokes =>
  edited(strokes, (all) => lives.endDrafts(all, isGone))

/** The owner cleared what was sent until then. */
export const clear = (strokes: Strokes, until: number): Strokes =>
  edited(strokes, (all) => lives.clear(all, until))

/** The server's clock was set (W85). */
export const shift = (strokes: Strokes, ms: number): Strokes =>
  edited(strokes, (all) => {
    lives.shift(all, ms, (stroke) => stroke)
    return true
  })

/** Removes what ended by `now`. */
export const cull = (strokes: Strokes, now: number): Strokes =>
  lives.isDue(strokes, now, endOf) ? edited(strokes, (all) => lives.cull(all, now, endOf)) : strokes

/** The next moment at which `cull` has something to do. */
export const nextCull = (strokes: Strokes): number => lives.nextEnd(strokes.entries, endOf)

/*
 * The muted people: ids, each with its name at that time, so that the list can be shown. Stored in the browser; the oldest
 * is dropped when there are too many. Pure.
 */
import { cutAt } from '../../../shared/text/graphemes'

export type Muted = ReadonlyMap<string, string>

export const MUTED_MAX = 500
const NAME_MAX = 64

export function mute(before: Muted, userId: string, name: string): Muted {
  const after = new Map(before)
  after.delete(userId)
  after.set(userId, name)
  return new Map([...after].slice(-MUTED_MAX))
}

export function unmute(before: Muted, userId: string): Muted {
  const after = new Map(before)
  after.delete(userId)
  return after
}

export const writeMuted = (muted: Muted): string => JSON.stringify([...muted])

/** Reads what was stored; entries that are not valid are left out. */
export function readMuted(text: string | undefined): Muted {
  let kept: unknown
  try {
    kept = JSON.parse(text ?? '')
  } catch {
    return new Map()
  }
  if (!Array.isArray(kept)) return new Map()
  const fitting = kept.filter(
    (each): each is [string, string] =>
      Array.isArray(each) && typeof each[0] === 'string' && typeof each[1] === 'string',
  )
  return new Map(
    fitting.slice(-MUTED_MAX).map(([id, name]) => [id, cutAt(name, NAME_MAX)] as const),
  )
}

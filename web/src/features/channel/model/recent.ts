/*
 * The channels that this browser visited recently, newest first. Only the browser stores them. Stored values are checked
 * when they are read, because an older page may have written them.
 */
import { isChannel } from './names'

export const RECENT_MAX = 8

export interface Visit {
  readonly channel: string
  /** wall-clock ms of the last moment there */
  readonly at: number
}

export function readVisits(kept: string | undefined): Visit[] {
  let list: unknown
  try {
    list = JSON.parse(kept ?? '[]')
  } catch {
    return []
  }
  if (!Array.isArray(list)) return []
  const visits: Visit[] = []
  for (const each of list) {
    if (typeof each !== 'object' || each === null) continue
    const { channel, at } = each as Record<string, unknown>
    if (typeof channel !== 'string' || !isChannel(channel)) continue
    if (typeof at !== 'number' || !Number.isFinite(at)) continue
    if (!visits.some((visit) => visit.channel === channel)) visits.push({ channel, at })
  }
  return visits.slice(0, RECENT_MAX)
}

export function remember(visits: readonly Visit[], channel: string, at: number): Visit[] {
  return [{ channel, at }, ...forget(visits, channel)].slice(0, RECENT_MAX)
}

export function forget(visits: readonly Visit[], channel: string): Visit[] {
  return visits.filter((visit) => visit.channel !== channel)
}

export interface Ago {
  readonly value: number
  readonly unit: 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'
}

const UNITS = [
  ['minute', 60],
  ['hour', 60],
  ['day', 24],
  ['week', 7],
  ['month', 4.35],
  ['year', 12],
] as const

/** As Intl.RelativeTimeFormat takes it; a clock that was set back gives `now`, never the future. */
export function agoOf(at: number, now: number): Ago {
  let value = Math.max(0, now - at) / 1000
  let unit: Ago['unit'] = 'second'
  for (const [next, many] of UNITS) {
    if (value < many) break
    value /= many
    unit = next
  }
  return { value: unit === 'second' ? 0 : -Math.floor(value), unit }
}

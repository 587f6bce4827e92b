/*
 * The channels that this browser visited recently, newest first, and those that were starred. Only the browser stores them.
 * Stored values are checked when they are read, because an older page may have written them. A sealed channel is among them
 * only if the visitor asked for that, because its link opens it.
 */
import { isChannel } from './names'

/** of those without a star */
export const RECENT_MAX = 8
export const STARRED_MAX = 24

export interface Visit {
  readonly channel: string
  /** wall-clock ms of the last moment there */
  readonly at: number
  /** stays on the list until it is removed */
  readonly starred?: boolean
  /** of a sealed channel: `NAME.KEY`. It stays on the list, as one with a star. */
  readonly fragment?: string
}

const FRAGMENT = /^[\w-]{1,64}\.[\w-]{48}$/

/** As people see it. */
export const shownName = ({ channel, fragment }: Visit) => fragment?.split('.')[0] ?? channel

export function readVisits(text: string | undefined): Visit[] {
  let list: unknown
  try {
    list = JSON.parse(text ?? '[]')
  } catch {
    return []
  }
  if (!Array.isArray(list)) return []
  const visits: Visit[] = []
  for (const each of list) {
    if (typeof each !== 'object' || each === null) continue
    const { channel, at, starred, fragment } = each as Record<string, unknown>
    if (typeof channel !== 'string' || !isChannel(channel)) continue
    if (typeof at !== 'number' || !Number.isFinite(at)) continue
    if (visits.some((visit) => visit.channel === channel)) continue
    const isLink = typeof fragment === 'string' && FRAGMENT.test(fragment)
    visits.push({
      channel,
      at,
      ...(starred === true && { starred }),
      ...(isLink && { fragment }),
    })
  }
  return kept(visits)
}

export function remember(
  visits: readonly Visit[],
  channel: string,
  at: number,
  fragment?: string,
): Visit[] {
  const before = visits.find((visit) => visit.channel === channel)
  const visit = { ...before, channel, at, ...(fragment !== undefined && { fragment }) }
  return kept([visit, ...forget(visits, channel)])
}

/** Stars a channel, or takes its star away. One that was not visited yet counts as visited at `at`. */
export function star(
  visits: readonly Visit[],
  channel: string,
  starred: boolean,
  at: number,
): Visit[] {
  const known = visits.some((visit) => visit.channel === channel)
  const all = known ? visits : [{ channel, at }, ...visits]
  return kept(
    all.map((visit) => {
      if (visit.channel !== channel) return visit
      const { fragment } = visit
      if (starred) return { ...visit, starred }
      return { channel, at: visit.at, ...(fragment !== undefined && { fragment }) }
    }),
  )
}

export const isStarred = (visits: readonly Visit[], channel: string) =>
  visits.some((visit) => visit.channel === channel && visit.starred === true)

/** Those with a star first. */
export const starredFirst = (visits: readonly Visit[]) => [
  ...visits.filter(({ starred }) => starred),
  ...visits.filter(({ starred }) => !starred),
]

function kept(visits: readonly Visit[]): Visit[] {
  let [starred, others] = [0, 0]
  return visits.filter((visit) =>
    visit.starred || visit.fragment !== undefined
      ? ++starred <= STARRED_MAX
      : ++others <= RECENT_MAX,
  )
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

/*
 * Names: of channels, in the path, and of people.
 */

import { fewMarks } from './payload'

const CHANNEL = /^[A-Za-z0-9_-]{1,64}$/
export const NAME_MAX = 32

export type Route =
  | { kind: 'start' }
  | { kind: 'channel'; channel: string; canonical: string }
  | { kind: 'invalid'; name: string }

export const isChannel = (name: string) => CHANNEL.test(name)

/** `/` is the start page; `/c/garden` is the channel `garden`; anything else is not a place. */
export function routeOf(pathname: string): Route {
  const path = pathname.replace(/\/+$/, '')
  if (path === '' || path === '/c') return { kind: 'start' }
  const raw = path.startsWith('/c/') ? path.slice(3) : path.slice(1)
  let name = raw
  try {
    name = decodeURIComponent(raw)
  } catch {
    // A broken escape is a name that fits nowhere; it is shown as it stands.
  }
  return path.startsWith('/c/') && isChannel(name)
    ? { kind: 'channel', channel: name, canonical: `/c/${name}` }
    : { kind: 'invalid', name }
}

/** W23: trimmed, white space folded, no control or bidirectional-override characters, few marks, at most 32. */
export function cleanName(raw: string): string {
  const folded = fewMarks(
    raw.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/gu, ' '),
  )
    .toWellFormed()
    .replace(/\s+/gu, ' ')
    .trim()
  return [...folded].slice(0, NAME_MAX).join('').trim()
}

/** One or two letters for a dot in the crowd. */
export function initials(name: string): string {
  const words = name.split(/[\s_-]+/).filter(Boolean)
  const first = words[0]
  if (!first) return '?'
  const second = words[1]
  const letter = (word: string) => [...word][0] ?? ''
  return (letter(first) + (second ? letter(second) : '')).toLocaleUpperCase()
}

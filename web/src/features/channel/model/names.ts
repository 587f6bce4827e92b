/*
 * Names of channels, as they appear in paths, and names of people.
 */

import { cutAt, firstGrapheme } from '../../../shared/text/graphemes'
import { isChannel } from '@asocial/client/core/address'
import { isVisible, NOT_IN_NAMES } from '@asocial/client/core/text'
import { NAME_CHARACTERS } from '@asocial/client/core/wire'
import { fewMarks } from '../../../shared/text/payload'

const FORBIDDEN = new RegExp(NOT_IN_NAMES, 'gu')

export type Route =
  | { kind: 'start' }
  /** `rest`: a query or a hash that was encoded into the path on its way here, or nothing */
  | { kind: 'channel'; channel: string; canonical: string; rest: string }
  /** a sealed one: its name and key are in the hash. `rest`: what is in the path, where nothing should be */
  | { kind: 'sealed'; rest: string }
  | { kind: 'invalid'; name: string }

export { isChannel }

/** What a sentence or a mail program puts around an address. No channel name contains it. */
const BEFORE = /^[^A-Za-z0-9_%-]+/
const AFTER = /[^A-Za-z0-9_%-]+$/
const ENCODINGS = 3

/**
 * `/` is the start page, `/c/garden` the channel `garden` and `/s/` every sealed channel. Addresses are typed by hand and changed by mail programs, so
 * `/C/garden/`, `/c/garden).`, `/c%2Fgarden` and `/c/garden%23120,-40` are read as what they were. Letters inside a name
 * are never changed. Everything else names no channel.
 */
export function routeOf(pathname: string): Route {
  const path = decoded(pathname).replace(/[\r\n\p{Cf}]+/gu, '')
  if (!/[A-Za-z0-9_-]/.test(path)) return { kind: 'start' }
  if (/^\/*c[^A-Za-z0-9]*$/i.test(path)) return { kind: 'start' }
  const sealed = /^\/*s(?:\/+(.*)|[^A-Za-z0-9]*)$/i.exec(path)
  if (sealed) return { kind: 'sealed', rest: sealed[1] ?? '' }
  const [, after] = /^\/*c\/+(.*)$/i.exec(path) ?? []
  if (after === undefined) return { kind: 'invalid', name: path.replace(/^\/+|\/+$/g, '') }
  const [inPath = '', rest = ''] = split(after.replace(BEFORE, ''))
  const name = inPath.replace(AFTER, '')
  if (name === '') return { kind: 'start' }
  return isChannel(name)
    ? { kind: 'channel', channel: name, canonical: `/c/${name}`, rest }
    : { kind: 'invalid', name: inPath.replace(/\/+$/, '') }
}

/** Decoded as often as it was encoded; a broken escape stays as it is. */
function decoded(text: string): string {
  let now = text
  for (let time = 0; time < ENCODINGS; time++) {
    try {
      now = decodeURIComponent(now)
    } catch {
      break
    }
  }
  return now
}

/** A path, and the query and hash that follow it. */
function split(text: string): [string, string] {
  const at = text.search(/[?#]/)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)]
}

/** W23: trimmed, white space folded, no control or bidirectional-override characters, few marks, at most `limit`. Empty if nothing shows. */
export function cleanName(raw: string, limit = NAME_CHARACTERS): string {
  const folded = fewMarks(raw.replace(FORBIDDEN, ' ')).toWellFormed().replace(/\s+/gu, ' ').trim()
  const name = cutAt(folded, limit).trim()
  return isVisible(name) ? name : ''
}

/** One or two letters for a dot in the crowd. */
export function initials(name: string): string {
  const words = name.split(/[\s_-]+/).filter(Boolean)
  const first = words[0]
  if (!first) return '?'
  const second = words[1]
  return (firstGrapheme(first) + firstGrapheme(second ?? '')).toLocaleUpperCase()
}

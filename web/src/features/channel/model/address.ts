/*
 * Links to channels, and what people type to find one.
 */
import type { Camera } from '../../canvas/model/camera'
import { isChannel, routeOf } from './names'

/** Whole pixels and hundredths of a zoom: precise enough, and short. */
export function spotHash({ x, y, zoom }: Camera): string {
  // `+ 0`: there is no -0 in a link
  return `#${Math.round(x) + 0},${Math.round(y) + 0},${Number(zoom.toFixed(2))}`
}

export function addressOf(origin: string, channel: string, camera?: Camera): string {
  return `${origin}/c/${channel}${camera ? spotHash(camera) : ''}`
}

export type Asked =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'channel'; readonly channel: string; readonly hash: string }
  /** `nearest`: the name it could have, if there is one */
  | { readonly kind: 'invalid'; readonly nearest: string | undefined }

const LINK = /^(?:[a-z]+:\/\/)?[^/\s]*\/c\/([^/?#\s]+)\/?(?:\?[^#\s]*)?(#\S*)?$/i

/** Reads what was typed or pasted: a name, or a whole link to a channel. */
export function readAsked(raw: string): Asked {
  const text = raw.trim()
  if (text === '') return { kind: 'nothing' }
  const [, inLink, hash = ''] = LINK.exec(text) ?? []
  if (inLink === undefined) {
    return isChannel(text)
      ? { kind: 'channel', channel: text, hash }
      : { kind: 'invalid', nearest: nearestName(text) }
  }
  const route = routeOf(`/c/${inLink}`)
  if (route.kind === 'channel') {
    return { kind: 'channel', channel: route.channel, hash: hash || route.rest }
  }
  return {
    kind: 'invalid',
    nearest: route.kind === 'invalid' ? nearestName(route.name) : undefined,
  }
}

/** `Müllers Garten!` could be `Mullers-Garten`. */
function nearestName(raw: string): string | undefined {
  const name = raw
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[’']/g, '')
    .replace(/[^A-Za-z0-9_]+/g, '-')
    .slice(0, 64)
    .replace(/^-+|-+$/g, '')
  return isChannel(name) ? name : undefined
}

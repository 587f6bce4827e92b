/*
 * Links to channels, and what people type to find one.
 */
import type { Camera } from '../../canvas/model/camera'
import { isChannel, routeOf } from './names'

/** A channel: `fragment` is `NAME.KEY` of a sealed one. */
export interface Place {
  readonly channel: string
  readonly fragment?: string | undefined
}

/** Whole pixels and hundredths of a zoom: precise enough, and short. */
function spotOf({ x, y, zoom }: Camera): string {
  // `+ 0`: there is no -0 in a link
  return `${Math.round(x) + 0},${Math.round(y) + 0},${Number(zoom.toFixed(2))}`
}

/** Adds a spot to a link, after the key of a sealed channel if there is one. */
export const withSpot = (link: string, camera: Camera) =>
  `${link}${link.includes('#') ? '@' : '#'}${spotOf(camera)}`

/** `/c/garden`, or `/s/#NAME.KEY`. `query` comes before the fragment, which browsers do not send. */
export const pathOf = ({ channel, fragment }: Place, query = '') =>
  fragment === undefined ? `/c/${channel}${query}` : `/s/${query}#${fragment}`

export function addressOf(origin: string, place: Place, camera?: Camera): string {
  const link = origin + pathOf(place)
  return camera ? withSpot(link, camera) : link
}

export type Asked =
  | { readonly kind: 'nothing' }
  /** a link to a sealed channel */
  | { readonly kind: 'sealed'; readonly hash: string }
  | { readonly kind: 'channel'; readonly channel: string; readonly hash: string }
  /** `nearest`: the name it could have, if there is one */
  | { readonly kind: 'invalid'; readonly nearest: string | undefined }

const LINK = /^(?:[a-z]+:\/\/)?[^/\s]*\/c\/([^/?#\s]+)\/?(?:\?[^#\s]*)?(#\S*)?$/i

const SEALED_LINK = /^(?:[a-z]+:\/\/)?[^/\s]*\/s\/(?:\?[^#\s]*)?(#\S+)$/i

/** Reads what was typed or pasted: a name, or a whole link to a channel. */
export function readAsked(raw: string): Asked {
  const text = raw.trim()
  if (text === '') return { kind: 'nothing' }
  const [, sealed] = SEALED_LINK.exec(text) ?? []
  if (sealed !== undefined) return { kind: 'sealed', hash: sealed }
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

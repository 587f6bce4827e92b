/*
 * From the link that a person shares to the addresses of the server.
 */
import { isChannel } from './core/address.ts'

const DEFAULT_CHANNEL = 'default'
const LINK = /^\/c\/([^/]+)\/?$/

export interface Address {
  /** `https://talk.example`, where the HTTP side of the server is */
  readonly server: string
  readonly channel: string
}

/**
 * `link`: the server (`https://talk.example`), or a link to a channel (`https://talk.example/c/garden`), whose name counts
 * if there is no `channel`. Throws a TypeError for what cannot be one.
 */
export function addressOf(link: string, channel?: string): Address {
  const url = new URL(link.includes('://') ? link.replace(/^ws/, 'http') : `http://${link}`)
  if (!/^http/.test(url.protocol)) throw new TypeError(`not a server: ${link}`)
  const name = channel ?? LINK.exec(decodeURIComponent(url.pathname))?.[1] ?? DEFAULT_CHANNEL
  if (!isChannel(name)) {
    throw new TypeError(`not a channel: "${name}" (1-64 letters, digits, - or _)`)
  }
  return { server: url.origin, channel: name }
}

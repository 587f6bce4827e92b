/*
 * From the link that a person shares to the addresses of the server.
 */
const DEFAULT_CHANNEL = 'default'
const CHANNEL = /^[\w-]{1,64}$/
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
  const url = new URL(link.includes('://') ? link : `http://${link}`)
  const scheme = { 'http:': 'http', 'ws:': 'http', 'https:': 'https', 'wss:': 'https' }[
    url.protocol
  ]
  if (!scheme) throw new TypeError(`not the address of a server: ${link}`)
  const name = channel ?? LINK.exec(decodeURIComponent(url.pathname))?.[1] ?? DEFAULT_CHANNEL
  if (!CHANNEL.test(name)) {
    throw new TypeError(
      `not the name of a channel: "${name}"; use 1 to 64 letters, digits, "-" or "_"`,
    )
  }
  return { server: `${scheme}://${url.host}`, channel: name }
}

/** Where to upgrade. A value that is undefined is left out. */
export function socketUrl(
  { server, channel }: Address,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const given = Object.entries({ channel, ...query }).filter((each) => each[1] !== undefined)
  return `${server.replace(/^http/, 'ws')}/api/chat?${new URLSearchParams(given as [string, string][])}`
}

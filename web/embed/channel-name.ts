/*
 * The channel of a page, made from its address: every visitor of the same address gets the same name (W182). Pure.
 */
import { hashOf } from './anchor.ts'

const PREFIX = 'embed-'
/** Room for the prefix, a dash and two hashes in 64 characters. */
const READABLE = 42

const plain = (text: string) =>
  text
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, READABLE)
    .replace(/-+$/, '')

/** Two hashes of 32 bits that collide apart, so that two addresses do not share a channel by chance. */
const hash = (text: string) => hashOf(text) + hashOf(`page ${text}`)

/** What counts of an address: not its query and fragment, nor a slash at its end. */
function pageOf(address: string): string {
  const { host, pathname } = new URL(address)
  return host + (pathname.replace(/\/+$/, '') || '/')
}

export interface PageAddress {
  /** `location.href` */
  readonly href: string
  /** of `<link rel="canonical">`, if there is one */
  readonly canonical?: string | undefined
}

/** `chosen`: by the site; empty: the page's address decides. */
export function channelOf(chosen: string, { href, canonical }: PageAddress): string {
  if (chosen) {
    const name = chosen.startsWith(PREFIX) ? chosen.slice(PREFIX.length) : chosen
    // A name that fits stays as it is; any other is made to fit, and stays apart from all others.
    return /^[\w-]{1,58}$/.test(name)
      ? PREFIX + name
      : PREFIX + [plain(name), hash(name)].filter(Boolean).join('-')
  }
  let page: string
  try {
    page = pageOf(/^https?:/.test(canonical ?? '') ? (canonical ?? href) : href)
  } catch {
    page = href
  }
  return PREFIX + [plain(page), hash(page)].filter(Boolean).join('-')
}

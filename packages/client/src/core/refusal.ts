/*
 * Why an upgrade was refused. Browsers hide that from pages, so a client asks by plain HTTP, where the server gives the same
 * answer (W87).
 */
import { queryOf } from './query.ts'

/** Statuses from 400 to 499 after which waiting helps. */
const PASSING = [401, 408, 425, 429]

export interface Refusal {
  /** of W1; empty: HTTP works, so it is the upgrade alone that does not */
  readonly code: string
  readonly message: string
  /** trying again does not help until something changes */
  readonly lasting: boolean
}

export interface Asked {
  /** `https://talk.example`, or empty for the page's own server */
  readonly server: string
  readonly channel: string
  /** the page's: browsers send no `Origin` header here, and the server needs it */
  readonly origin: string | undefined
  readonly invite: string | undefined
  readonly token: string | undefined
  /** of a sealed channel (W192) */
  readonly sealed?: boolean | undefined
}

/** Undefined: the answer is not from an Asocial server. Throws where there is no answer. */
export async function whyRefused(asked: Asked): Promise<Refusal | undefined> {
  const { server, channel, token, sealed, ...rest } = asked
  const query = queryOf({ ...rest, sealed: sealed ? 1 : undefined })
  const headers: HeadersInit = token ? { Authorization: `Bearer ${token}` } : {}
  const response = await fetch(`${server}/api/channels/${channel}?${query}`, {
    headers,
  })
  const { status } = response
  if (response.ok) return { code: '', message: '', lasting: false }
  const { error } = (await response.json()) as { error?: Omit<Refusal, 'lasting'> }
  if (error?.code) return { ...error, lasting: status < 500 && !PASSING.includes(status) }
  return undefined
}

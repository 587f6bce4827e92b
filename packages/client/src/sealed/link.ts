/*
 * Links of sealed channels, and the channel's id and key that come from them (W190, W191).
 */
const SECRET_BYTES = 32
const CHECK_BYTES = 4
const SALT = 'asocial sealed 1'
const FRAGMENT = /^#?([\w-]{1,64})\.([\w-]*)(@.*)?$/

export interface SealedLink {
  /** as people see it */
  readonly name: string
  /** 32 random bytes, which leave the program in the link alone */
  readonly secret: Uint8Array<ArrayBuffer>
}

/** What the secret opens: the id that the server knows, and the key that it does not. */
export interface SealedKeys {
  readonly channel: string
  readonly key: CryptoKey
}

/** The link is cut or changed. */
export class LinkDamaged extends Error {}

/** Web Crypto is only there in secure contexts: https, or localhost. */
export const canSeal = () => globalThis.crypto?.subtle !== undefined

export const bytesOf = (text: string) => new TextEncoder().encode(text)

export function newLink(name: string): SealedLink {
  return { name, secret: crypto.getRandomValues(new Uint8Array(SECRET_BYTES)) }
}

/** Rejects with LinkDamaged. `fragment`: `#NAME.KEY`, with or without a place. */
export async function readLink(fragment: string): Promise<SealedLink> {
  const [, name = '', key = ''] = FRAGMENT.exec(fragment) ?? []
  const bytes = fromBase64(key)
  const secret = bytes?.slice(0, SECRET_BYTES)
  if (
    secret?.length !== SECRET_BYTES ||
    (await fragmentOf({ name, secret })) !== `${name}.${key}`
  ) {
    throw new LinkDamaged('the link of this sealed channel is damaged: its key is cut or changed')
  }
  return { name, secret }
}

/** `NAME.KEY`, to be put behind `https://HOST/s/#`. */
export async function fragmentOf({ name, secret }: SealedLink): Promise<string> {
  const text = concat(bytesOf(`asocial sealed link 1\n${name}\n`), secret)
  const check = new Uint8Array(await crypto.subtle.digest('SHA-256', text)).slice(0, CHECK_BYTES)
  return `${name}.${toBase64(concat(secret, check))}`
}

export async function keysOf(link: SealedLink): Promise<SealedKeys> {
  const [id, key] = await Promise.all([derive(link, 'channel'), derive(link, 'key')])
  return {
    channel: `sealed-${toBase64(id)}`,
    key: await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']),
  }
}

export async function derive({ name, secret }: SealedLink, use: 'channel' | 'key') {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const about = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: bytesOf(SALT),
    info: bytesOf(`${use}\n${name}`),
  }
  return new Uint8Array(await crypto.subtle.deriveBits(about, base, 256))
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Base64 with the URL alphabet, without padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** Undefined for any other text. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined
  try {
    const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
    const bytes = Uint8Array.from(raw, (letter) => letter.charCodeAt(0))
    return toBase64(bytes) === text ? bytes : undefined
  } catch {
    return undefined
  }
}

/*
 * Boxes: padded, encrypted content that is bound to its channel, author, kind and place (W195).
 */
import { bytesOf, concat, fromBase64, toBase64 } from './link.ts'

const VERSION = 1
const STREAM_BYTES = 8
const COUNTER_BYTES = 6
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + STREAM_BYTES + COUNTER_BYTES
const STEP_BYTES = 64
const END = 0x80

/** What a box is bound to. `direction`: to the members, or to the rules that the server keeps. */
export interface Place {
  readonly channel: string
  readonly userId: string
  readonly kind: string
  readonly messageId: string
  readonly direction: 'members' | 'rules'
}

export interface Opened {
  readonly stream: string
  readonly counter: number
  readonly content: string
}

export const newStream = () => crypto.getRandomValues(new Uint8Array(STREAM_BYTES))

/** `nonce` is for test vectors alone: two boxes with one nonce give the key away. */
export async function seal(
  key: CryptoKey,
  place: Place,
  stream: Uint8Array,
  counter: number,
  content: string,
  nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES)),
): Promise<string> {
  const header = concat(Uint8Array.of(VERSION), stream, counterBytes(counter))
  const about = { name: 'AES-GCM', iv: nonce, additionalData: associatedData(place, header) }
  const sealed = await crypto.subtle.encrypt(about, key, pad(bytesOf(content)))
  return toBase64(concat(header, nonce, new Uint8Array(sealed)))
}

/** Undefined: the box is damaged, or was made for another place. */
export async function open(key: CryptoKey, place: Place, box: string): Promise<Opened | undefined> {
  const data = fromBase64(box)
  const length = (data?.length ?? 0) - HEADER_BYTES - NONCE_BYTES - TAG_BYTES
  if (!data || length < STEP_BYTES || length % STEP_BYTES !== 0 || data[0] !== VERSION) {
    return undefined
  }
  const header = data.slice(0, HEADER_BYTES)
  const iv = data.slice(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES)
  const about = { name: 'AES-GCM', iv, additionalData: associatedData(place, header) }
  try {
    const padded = new Uint8Array(
      await crypto.subtle.decrypt(about, key, data.slice(HEADER_BYTES + NONCE_BYTES)),
    )
    const end = padded.lastIndexOf(END)
    if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0)) return undefined
    return {
      stream: toBase64(header.subarray(1, 1 + STREAM_BYTES)),
      counter: header.subarray(1 + STREAM_BYTES).reduce((sum, byte) => sum * 256 + byte, 0),
      content: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        padded.subarray(0, end),
      ),
    }
  } catch {
    return undefined
  }
}

function associatedData(
  { channel, userId, kind, direction, messageId }: Place,
  header: Uint8Array,
) {
  const lines = ['asocial sealed 1', channel, userId, kind, direction, messageId]
  return concat(bytesOf(lines.map((line) => `${line}\n`).join('')), header)
}

/** The content, 0x80, and zeros up to a multiple of 64 bytes. */
export function pad(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((content.length + 1) / STEP_BYTES) * STEP_BYTES)
  padded.set(content)
  padded[content.length] = END
  return padded
}

function counterBytes(counter: number): Uint8Array {
  const bytes = new Uint8Array(COUNTER_BYTES)
  for (let at = COUNTER_BYTES - 1, rest = counter; at >= 0; at -= 1) {
    bytes[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return bytes
}

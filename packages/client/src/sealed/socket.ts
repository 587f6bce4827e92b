/*
 * A WebSocket that seals what a client sends and opens what it gets. It takes the place of the browser's in `Connection`.
 * Encryption takes a moment; frames keep their order.
 */
import type { Socket, SocketConstructor } from '../core/connection.ts'
import { createRepeat } from '../core/repeat.ts'
import { isObject, type Fields } from './content.ts'
import type { SealedKeys } from './link.ts'
import { Translator } from './translator.ts'

/** What the server may read in the query. An unknown field stays out. */
const OPEN_TO_SERVER = new Set(['channel', 'invite', 'lang', 'trace', 'users', 'token', 'uid'])

export interface Sealed {
  readonly WebSocket: SocketConstructor
  /** how many frames were damaged, replayed or forged, and dropped (W199) */
  readonly dropped: () => number
}

/** `Base`: the WebSocket below. `onDropped`: called for each frame that was dropped. */
export function sealedSocket(
  keys: SealedKeys,
  Base: SocketConstructor,
  now: () => number,
  onDropped: () => void = () => undefined,
): Sealed {
  const translator = new Translator(keys, now)

  class SealedSocket implements Socket {
    onmessage: Socket['onmessage'] = null
    onclose: Socket['onclose'] = null
    onerror: Socket['onerror'] = null
    #below: Socket
    #isFresh = true
    #out = Promise.resolve()
    #in = Promise.resolve()
    #tellNewcomers = createRepeat(() => this.#showProfile())

    constructor(address: string, protocols: string[]) {
      translator.begin()
      this.#below = new Base(addressForServer(address, translator), protocols)
      this.#below.onmessage = ({ data }) => {
        this.#in = this.#in.then(() => this.#receive(data)).catch(() => undefined)
      }
      this.#below.onclose = (event) => {
        // After the frames that came before it.
        this.#in = this.#in.then(() => this.onclose?.(event)).catch(() => undefined)
      }
      this.#below.onerror = (event) => this.onerror?.(event)
    }

    get readyState() {
      return this.#below.readyState
    }

    send(text: string) {
      this.#out = this.#out
        .then(() => this.#send(JSON.parse(text) as Fields))
        .catch(() => undefined)
    }

    close(code?: number) {
      this.#below.close(code)
    }

    async #send(frame: Fields) {
      const sealed = await translator.outgoing(frame)
      if (sealed && this.readyState === 1) this.#below.send(JSON.stringify(sealed))
      this.#deliver(translator.ownChange())
    }

    async #receive(data: unknown) {
      const frame: unknown = JSON.parse(String(data))
      if (!isObject(frame)) return
      const before = translator.dropped
      const opened = await translator.incoming(frame)
      if (translator.dropped > before) onDropped()
      this.#deliver(opened)
      if (frame.type === 'user_joined') this.#tellNewcomers()
      if (frame.type !== 'user_sync' || !this.#isFresh) return
      this.#isFresh = false
      this.#showProfile()
    }

    #deliver(frame: Fields | undefined) {
      if (frame) this.onmessage?.({ data: JSON.stringify(frame) })
    }

    #showProfile() {
      this.send(JSON.stringify({ type: 'profile', ...translator.profile }))
    }
  }

  return { WebSocket: SealedSocket, dropped: () => translator.dropped }
}

/** The address for the server, which must not see the profile or what the client shows (W192). */
function addressForServer(address: string, translator: Translator): string {
  const url = new URL(address)
  const { searchParams: query } = url
  const [name, color, onMap] = ['name', 'color', 'on_map'].map((key) => query.get(key))
  if (name) translator.profile.name = name
  if (color) translator.profile.color = color
  if (onMap === '0') translator.profile.on_map = false
  for (const key of [...query.keys()]) if (!OPEN_TO_SERVER.has(key)) query.delete(key)
  query.set('sealed', '1')
  return url.href
}

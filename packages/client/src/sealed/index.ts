/*
 * Sealed channels, an entry of its own: programs that open none load nothing of it.
 *
 *   const channel = await connectSealed('https://talk.example/s/#garden.KEY', { name: 'Ann' })
 */
import { connect, type Channel } from '../channel.ts'
import type { SocketConstructor } from '../core/connection.ts'
import type { ConnectOptions } from '../session.ts'
import { keysOf, readLink } from './link.ts'
import { sealedSocket } from './socket.ts'

export { canSeal, fragmentOf, keysOf, LinkDamaged, newLink, readLink } from './link.ts'
export type { SealedKeys, SealedLink } from './link.ts'
export { sealedSocket } from './socket.ts'

/** `link`: `https://HOST/s/#NAME.KEY`. Rejects with LinkDamaged if its key is cut or changed. */
export async function connectSealed(link: string, options: ConnectOptions = {}): Promise<Channel> {
  const { origin, hash } = new URL(link)
  const keys = await keysOf(await readLink(hash))
  const Base = (options.WebSocket ?? WebSocket) as SocketConstructor
  const { WebSocket: Sealing } = sealedSocket(keys, Base, () => performance.now())
  return connect(origin, keys.channel, { ...options, WebSocket: Sealing, sealed: true })
}

/*
 * Opens a sealed channel: from the end of its link to what the page needs to connect. The key stays in memory and in the
 * address bar. Nothing in this folder logs or sends it; only SealedPanel.tsx stores it, if the visitor asks for that.
 */
import type { SocketConstructor } from '@asocial/client/core/connection'
import { monotonic } from '@asocial/client/core/page'
import { randomWords } from '@asocial/client/core/random'
import {
  canSeal,
  fragmentOf,
  keysOf,
  LinkDamaged,
  newLink,
  readLink,
} from '@asocial/client/sealed/link'
import { sealedSocket } from '@asocial/client/sealed/socket'
import { SEALED_STRINGS } from '../../shared/i18n/en-sealed'
import { showAddress } from '../../shared/ui/address-bar'
import type { App } from '../../stores/app'
import { fair, newName } from '../channel/model/naming'
import type { SealedLink } from '../channel/store/session'
import { hasKey, keyPart } from './model/fragment'

export { Problem } from './view/Problem'

/** In place of a key: a new channel. */
const NEW = 'new'

/** Why there is nothing to open. `insecure`: the browser encrypts on https and localhost only. */
export type ProblemKind = keyof typeof SEALED_STRINGS.problem

export interface Entered extends SealedLink {
  /** the id that the server knows */
  readonly channel: string
  /** whether this hash leads to another channel */
  isOther(hash: string): boolean
  socketFor(app: App): SocketConstructor
}

/** `path`: what follows `/s/`, where nothing should be. */
export async function enter(path: string, hash: string): Promise<Entered | ProblemKind> {
  const asked = keyPart(hash)
  if (asked === '' && hasKey(path)) return 'leaked'
  if (!canSeal()) return 'insecure'
  if (asked === '') return path === '' ? 'missing' : 'damaged'
  try {
    const isNew = asked === NEW
    const link = isNew
      ? newLink(newName(fair(() => randomWords(1)[0] ?? 0)))
      : await readLink(asked)
    const fragment = await fragmentOf(link)
    const keys = await keysOf(link)
    const { search } = location
    if (isNew) showAddress(`/s/${search}#${fragment}`)
    else if (location.pathname !== '/s/') showAddress(`/s/${search}${location.hash}`)
    return {
      channel: keys.channel,
      name: link.name,
      fragment,
      isOther: (next) => keyPart(next) !== fragment,
      socketFor(app) {
        const told = once(() => app.toast.show(SEALED_STRINGS.dropped))
        const Base = WebSocket as unknown as SocketConstructor
        return sealedSocket(keys, Base, monotonic, told).WebSocket
      },
    }
  } catch (error) {
    if (error instanceof LinkDamaged) return 'damaged'
    throw error
  }
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    act()
  }
}

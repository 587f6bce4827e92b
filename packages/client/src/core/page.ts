/*
 * What a browser's page knows about its connection: sleep, a frozen tab, the back/forward cache, the network. The only file
 * that knows a page. Without one (Node, Deno, a worker), `watchPage` does nothing.
 */
import type { Connection } from './connection.ts'

/** an upgrade younger than this is not restarted when the network comes back or the tab is shown */
const YOUNG_MS = 1_000

/** Monotonic ms: they do not change when the machine's clock is set. */
export const monotonic = () => (performance.timeOrigin || 0) + performance.now()

export const isOffline = () => globalThis.navigator?.onLine === false
/** Of the page that this runs in, if there is one. */
export const origin = () => globalThis.location?.origin

export const isHidden = () => globalThis.document?.visibilityState === 'hidden'

/** Has the connection checked whenever it may have ended unnoticed. Returns how to stop that. */
export function watchPage(connection: Connection): () => void {
  if (!globalThis.document) return () => undefined
  const stopping = new AbortController()
  const on = (name: string, run: () => void, target: EventTarget = globalThis) =>
    target.addEventListener(name, run, { signal: stopping.signal })
  const look = () => connection.look()
  const lookIfOld = () => void (isHidden() || connection.look(YOUNG_MS))
  on('focus', look)
  on('pageshow', look)
  on('resume', look, document)
  on('online', lookIfOld)
  on('visibilitychange', lookIfOld, document)
  on('offline', connection.ping)
  // A page in the back/forward cache must hold no socket.
  on('pagehide', connection.interrupt)
  return () => stopping.abort()
}

/*
 * When to look at the page again: its address and its document may be others. Nothing runs on a page that nobody sees.
 */

import type { PageAddress } from './channel-name.ts'

const LOOK_MS = 1_000

export function addressOfPage(): PageAddress {
  const link = document.querySelector<HTMLLinkElement>('link[rel="canonical"]')
  // A frame without an address of its own has that of the page which made it.
  const { href } = location.protocol === 'about:' ? new URL(document.baseURI) : location
  return { href, canonical: link?.href || undefined }
}

export function watchPage(look: () => void) {
  const stopping = new AbortController()
  const { signal } = stopping
  let timer: ReturnType<typeof setInterval> | undefined

  function watch() {
    clearInterval(timer)
    if (document.visibilityState === 'visible') timer = setInterval(look, LOOK_MS)
  }
  function seen() {
    watch()
    if (document.visibilityState === 'visible') look()
  }
  /** To be called again for another document in the same window, which has no listeners. */
  function listen() {
    window.addEventListener('popstate', look, { signal })
    document.addEventListener('visibilitychange', seen, { signal })
  }

  return {
    start() {
      listen()
      watch()
    },
    listen,
    isStopped: () => signal.aborted,
    stop() {
      stopping.abort()
      clearInterval(timer)
    },
  }
}

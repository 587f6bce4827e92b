/*
 * The service worker: an offline page, and hashed files from the cache.
 *
 * Only two kinds of requests are its business. Opening the page goes to the network first, always, and to
 * the kept offline page when there is none. Files under /assets/ carry their content in their name,
 * so a kept one is the right one. All else, the API above all, passes by untouched: not a byte of it is kept.
 *
 * Each build has a cache of its own, named after what the build consists of. A new worker fills its cache while
 * the old one goes on serving, and takes over when the last page of the old build is closed (no
 * skipWaiting): an open page never meets the files of another build. Then the old caches go.
 */
export {}

declare const self: ServiceWorkerGlobalScope
/** Written in by the build (vite.offline.config.ts). */
declare const __BUILD__: string
declare const __SHELL__: readonly string[]

const CACHE = `asocial-${__BUILD__}`
const OFFLINE = '/offline.html'

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell())
})

async function keepShell() {
  // Past the browser's own cache: what is kept is what the server has now. All of it, or no new worker.
  const shell = await Promise.all(
    __SHELL__.map(async (path) => {
      const response = await fetch(path, { cache: 'no-cache' })
      if (!(await isOfThisBuild(path, response.clone())))
        throw new Error(`not of this build: ${path}`)
      return { path, response }
    }),
  )
  const cache = await caches.open(CACHE)
  for (const { path, response } of shell) await cache.put(path, response)
}

/** While a new version is rolled out, the server that answers may be of another build than the one this worker came from. */
async function isOfThisBuild(path: string, response: Response): Promise<boolean> {
  if (path !== OFFLINE) return isFile(response)
  const named = (await response.text()).match(/\/assets\/[\w.-]+/g) ?? []
  return response.ok && named.every((asset) => __SHELL__.includes(asset))
}

/** Some servers answer a file that they do not have with a page. */
const isFile = ({ status, headers }: Response) =>
  status === 200 && !/html/.test(headers.get('Content-Type') ?? '')

self.addEventListener('activate', (event) => {
  event.waitUntil(
    Promise.all([
      // Starting this worker and asking the server then happen side by side.
      self.registration.navigationPreload?.enable(),
      dropOthers(),
    ]),
  )
})

/** The start page and every address that may be a channel's, as the server reads them (adapters/http/page.py). */
const PAGE = /^\/+(?:c(?:(?:\/|%2f).*|[^a-z0-9]*)|[^a-z0-9]*)$/i

async function dropOthers() {
  for (const name of await caches.keys()) {
    if (name.startsWith('asocial-') && name !== CACHE) await caches.delete(name)
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== self.location.origin || request.method !== 'GET') return
  if (request.mode === 'navigate') {
    if (PAGE.test(pathname)) event.respondWith(opened(event))
  } else if (pathname.startsWith('/assets/')) event.respondWith(asset(request))
})

async function opened(event: FetchEvent): Promise<Response> {
  try {
    const preloaded = (await event.preloadResponse) as Response | undefined
    return preloaded ?? (await fetch(event.request))
  } catch {
    const cache = await caches.open(CACHE)
    return (await cache.match(OFFLINE)) ?? Response.error()
  }
}

async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(request)
  if (kept) return kept
  const response = await fetch(request)
  if (isFile(response)) {
    // A full disk is no reason not to show the page.
    await cache.put(request, response.clone()).catch(() => undefined)
  }
  return response
}

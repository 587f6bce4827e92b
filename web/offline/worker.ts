/*
 * The service worker: an offline page, and hashed files from the cache.
 *
 * It handles two kinds of requests. Opening the page always goes to the network first, and to the cached offline page
 * when there is no network. Files under /assets/ have a hash of their content in their name, so a cached one is correct.
 * Everything else, above all the API, is left to the browser, and none of it is cached. A press on a notification shows its tab.
 *
 * Each build has its own cache, named after a hash of the build. A new worker fills its cache while the old one still
 * serves, and takes over when the last page of the old build is closed (no skipWaiting), so that an open page never gets
 * files of another build. Then it deletes the old caches.
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
  // Not from the browser's HTTP cache: it must be what the server has now. All files, or no new worker.
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

/** During a rollout, the process that answers may have another build than the one this worker came from. */
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
      // The worker then starts while the request is on its way.
      self.registration.navigationPreload?.enable(),
      dropOthers(),
    ]),
  )
})

/** The start page and every address that may be a channel's, as the server reads them (adapters/http/page.py). */
const PAGE = /^\/+(?:[cs](?:(?:\/|%2f).*|[^a-z0-9]*)|[^a-z0-9]*)$/i

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
  } else if (pathname.startsWith('/assets/')) event.respondWith(asset(event))
})

/** A notification of a page (shared/ui/notify.ts): a press shows its tab. */
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(showTab(String(event.notification.data)))
})

async function showTab(path: string) {
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const tab = tabs.find(({ url }) => new URL(url).pathname === path)
  await (tab ? tab.focus() : self.clients.openWindow(path))
}

async function opened(event: FetchEvent): Promise<Response> {
  try {
    const preloaded = (await event.preloadResponse) as Response | undefined
    return preloaded ?? (await fetch(event.request))
  } catch {
    const cache = await caches.open(CACHE)
    return (await cache.match(OFFLINE)) ?? Response.error()
  }
}

async function asset(event: FetchEvent): Promise<Response> {
  const { request } = event
  const cache = await caches.open(CACHE)
  const kept = await cache.match(request)
  if (kept) return kept
  const response = await fetch(request)
  // The page does not wait for the disk, and a full one is no reason not to show it.
  if (isFile(response)) event.waitUntil(cache.put(request, response.clone()).catch(() => undefined))
  return response
}

/*
 * The offline page is kept by a small service worker (web/offline/worker.ts). A server that answers 404
 * for it takes it back: the next page that is opened lets it go, with all that it kept.
 */
const WORKER = '/sw.js'

export async function keepOfflinePage() {
  // Missing on http at a LAN address. In development there is nothing to keep.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  try {
    const registration = await navigator.serviceWorker.register(WORKER)
    // Registering what is registered asks the server nothing; this does.
    if (registration.active) await registration.update()
  } catch {
    await letGoIfWithdrawn()
  }
}

async function letGoIfWithdrawn() {
  try {
    const registration = await navigator.serviceWorker.getRegistration()
    if (!registration) return
    const { status } = await fetch(WORKER, { method: 'HEAD', cache: 'no-store' })
    if (status !== 404 && status !== 410) return
    await registration.unregister()
    for (const name of await caches.keys()) {
      if (name.startsWith('asocial-')) await caches.delete(name)
    }
  } catch {
    // No network, or no storage: the next page tries again.
  }
}

/*
 * Registers the service worker, which caches the offline page (web/offline/worker.ts). If the server answers 404 for it, the
 * next page that is opened unregisters it and deletes its caches.
 */
const WORKER = '/sw.js'

export async function keepOfflinePage() {
  // Missing on http at a LAN address. In development there is no worker.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  try {
    const registration = await navigator.serviceWorker.register(WORKER)
    // Registering it again does not ask the server; this does.
    if (registration.active) await registration.update()
  } catch {
    await unregisterIfWithdrawn()
  }
}

async function unregisterIfWithdrawn() {
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

/*
 * The system's notifications, in browsers with, without and with some of them.
 */
export type NotifyState = NotificationPermission | 'missing'

export function notifyState(): NotifyState {
  try {
    return (window as { Notification?: typeof Notification }).Notification?.permission ?? 'missing'
  } catch {
    return 'missing'
  }
}

/** Lets the browser ask for permission, if it was not asked yet. Call it within a press. */
export async function askToNotify(): Promise<NotifyState> {
  if (notifyState() !== 'default') return notifyState()
  try {
    return await Notification.requestPermission()
  } catch {
    return notifyState()
  }
}

/** A later notification with the same `tag` takes the place of this one. A press on it shows this tab. */
export function notify(title: string, body: string, tag: string) {
  const options = { body, tag, icon: '/apple-touch-icon.png', data: location.pathname }
  try {
    const shown = new Notification(title, options)
    shown.onclick = () => {
      window.focus()
      shown.close()
    }
  } catch {
    void notifyByWorker(title, options)
  }
}

/** Chrome on Android lets only a service worker show them (web/offline/worker.ts). */
async function notifyByWorker(title: string, options: NotificationOptions) {
  try {
    const registration = await navigator.serviceWorker.getRegistration()
    await registration?.showNotification(title, options)
  } catch {
    // Then there is none.
  }
}

/*
 * Runs once a visit lasts: adds the channel to the recent ones, but not a sealed one, watches who comes, and caches the offline page.
 */
import { keepOfflinePage } from '../shared/net/offline'
import { browserStorage } from '../shared/store/deps'
import { createRecent } from '../features/channel/store/recent'
import { watchArrivals } from '../features/notifications/arrivals'
import type { App } from '../stores/app'

export function recordVisit(app: App) {
  const { channel, fragment } = app.session.store.getState()
  const recent = createRecent(browserStorage(), Date.now)
  if (fragment === undefined) recent.visit(channel)
  else recent.stay(channel)
  document.addEventListener('visibilitychange', () => recent.stay(channel))
  watchArrivals(app, recent)
  void keepOfflinePage()
}

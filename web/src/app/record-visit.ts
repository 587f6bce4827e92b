/*
 * Runs once a visit lasts: adds the channel to the recent ones and caches the offline page.
 */
import { keepOfflinePage } from '../shared/net/offline'
import { browserStorage } from '../shared/store/deps'
import { createRecent } from '../features/channel/store/recent'

export function recordVisit(channel: string) {
  const recent = createRecent(browserStorage(), Date.now)
  recent.visit(channel)
  document.addEventListener('visibilitychange', () => recent.stay(channel))
  void keepOfflinePage()
}

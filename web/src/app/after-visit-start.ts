/*
 * What can wait until the page is live: the channel is remembered, and the browser is taught what to
 * show without a network.
 */
import { keepOfflinePage } from '../shared/net/offline'
import { browserKeep } from '../shared/store/deps'
import { createRecent } from '../features/channel/store/recent'

export function settleIn(channel: string) {
  const recent = createRecent(browserKeep(), Date.now)
  recent.visit(channel)
  document.addEventListener('visibilitychange', () => recent.stay(channel))
  void keepOfflinePage()
}

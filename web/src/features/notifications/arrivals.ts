/*
 * A notification of the system when somebody comes to a starred channel whose tab is in the background.
 */
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { notify } from '../../shared/ui/notify'
import type { App } from '../../stores/app'
import type { Recent } from '../channel/store/recent'
import { NAMED_MAX } from '../people/model/notices'

export function watchArrivals({ session, presence, settings }: App, recent: Recent): () => void {
  const { channel, name: title } = session.store.getState()
  let latest: number | undefined
  // What the page itself announces: gathered, without muted people, and without those who were here before a reconnect.
  return presence.store.subscribe(({ notice }) => {
    if (!notice || notice.id === latest) return
    latest = notice.id
    if (notice.joined.size === 0 || !settings.store.getState().arrivals) return
    if (!recent.isStarred(channel) || isWatched()) return
    const names = [...notice.joined.values()].map(({ name }) => name)
    const named = names.length > NAMED_MAX ? [] : names
    notify(title, OTHERS_STRINGS.joined(named, names.length), `asocial.${channel}`)
  })
}

const isWatched = () => document.visibilityState === 'visible' && document.hasFocus()

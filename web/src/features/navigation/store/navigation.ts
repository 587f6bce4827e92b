/*
 * Going home, to the nearest conversation, and with another person. What needs other people (store/following.ts) is
 * fetched when it is first asked for; what was asked for before it is there is done then.
 */
import { HOME } from '../../canvas/model/camera'
import type { ActivityFrame, ViewFrame } from '@asocial/client/core/frames'
import { retried } from '../../../shared/net/retry'
import type { Deps } from '../../../shared/store/deps'
import { createStore } from '../../../shared/store/store'
import type { Places } from './finding'
import type { Following, FollowingState } from './following'

export function createNavigation(
  deps: Deps,
  places: Places,
  reducedMotion: () => boolean,
  onMap: () => boolean,
) {
  const store = createStore<FollowingState>(() => ({
    following: undefined,
    followers: [],
    missed: undefined,
  }))
  let fetched: Promise<Following> | undefined
  let arrived = false

  function withOthers(act: (following: Following) => void) {
    fetched ??= retried(() => import('./following')).then((file) =>
      file.createFollowing(deps, places, store, reducedMotion, onMap),
    )
    fetched.then(act, () => (fetched = undefined))
  }

  function stop() {
    if (store.getState().following !== undefined) store.setState({ following: undefined })
  }
  places.camera.onMovedByHand(stop)

  return {
    store,
    /** The first snapshot of the visit is there. */
    onArrival() {
      // A link to a spot, or text from before a reload, has set the view already.
      const unset = places.camera.store.getState().camera === HOME
      const { presence, messages } = places
      const company = !presence.alone() || messages.store.getState().messages.entries.size > 0
      if (!arrived && unset && company) withOthers((following) => following.frameNearby())
      arrived = true
    },
    goHome: () => places.camera.flyTo(HOME),
    goToNearest: () => withOthers((following) => following.goToNearest()),
    follow(userId: string) {
      store.setState({ following: userId })
      withOthers((following) => following.follow(userId))
    },
    onFollowed: (userId: string) => withOthers((following) => following.onFollowed(userId)),
    /** W160: in a crowd the server must know what we show. */
    onCrowd(on: boolean) {
      if (on || fetched) withOthers((following) => following.onCrowd(on))
    },
    /** Only a crowd has it, and then the file is there, or on its way. */
    onActivity: (frame: ActivityFrame) => withOthers((following) => following.onActivity(frame)),
    /** Of use only if we asked for it, and then the file is there. */
    onView: (frame: ViewFrame) => void fetched?.then((it) => it.onView(frame)).catch(() => {}),
    stop,
    /** People left: one of them may be the one we follow, or follow us. */
    keepOnly(isHere: (userId: string) => boolean) {
      const { following, followers } = store.getState()
      if (following !== undefined && !isHere(following)) stop()
      if (followers.length > 0) withOthers((it) => it.keepOnly(isHere))
    },
  }
}

export type Navigation = ReturnType<typeof createNavigation>

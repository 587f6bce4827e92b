/*
 * Going home, to the nearest conversation, and with another person. What needs other people (store/following.ts) is
 * fetched when it is first asked for; what was asked for before it is there is done then.
 */
import { HOME } from '../../canvas/model/camera'
import type { ViewFrame } from '../../../shared/net/frames'
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
  const store = createStore<FollowingState>(() => ({ following: undefined, followers: [] }))
  let fetched: Promise<Following> | undefined

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
    goHome: () => places.camera.flyTo(HOME),
    goToNearest: () => withOthers((following) => following.goToNearest()),
    follow(userId: string) {
      store.setState({ following: userId })
      withOthers((following) => following.follow(userId))
    },
    onFollowed: (userId: string) => withOthers((following) => following.onFollowed(userId)),
    onView(frame: ViewFrame) {
      if (frame.user_id === store.getState().following) withOthers((it) => it.onView(frame))
    },
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

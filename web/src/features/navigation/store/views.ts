/*
 * Views (W32): ours, sent while somebody follows us, and that of the person we follow.
 *
 * While we follow somebody we send no view: two people who follow each other would send each other's view back and forth.
 * In a crowd (W160) we always send it, because the server sends what the view shows; it decides who else gets the view.
 */
import { sightOf, type Shown, type Sight } from '../../canvas/model/sight'
import { throttle } from '@asocial/client/core/throttle'
import type { ViewFrame } from '@asocial/client/core/frames'
import type { CameraStore } from '../../canvas/store/camera'
import type { Deps } from '../../../shared/store/deps'
import { CROWD_VIEW_EVERY_MS, FOLLOWED_MS } from '@asocial/client/core/views'

const SHOW_EVERY_MS = 120
/** a view is repeated at least every 5 s; an older one is out of date */
const FRESH_MS = 11_000
export const SAY_AGAIN_MS = 5_000

/** `looked`: called with each view that a crowd's server gets. */
export function createViews(
  deps: Deps,
  camera: CameraStore,
  mayShow: () => boolean,
  looked: (sight: Sight) => void,
) {
  let followedUntil = Number.NEGATIVE_INFINITY
  let theirs: { readonly userId: string; readonly sight: Sight; readonly until: number } | undefined
  let crowd = false

  function sendView(now: Shown): boolean {
    const { middle, width, height } = sightOf(now)
    return deps.send({ type: 'view', position: middle, width, height })
  }
  const sender = throttle<Shown>(SHOW_EVERY_MS, sendView, deps.now)
  const looks = throttle<Shown>(
    CROWD_VIEW_EVERY_MS,
    (now) => {
      if (crowd && sendView(now)) looked(sightOf(now))
    },
    deps.now,
  )

  function show() {
    if (crowd) looks.push(camera.store.getState())
    else if (deps.now() < followedUntil && mayShow()) sender.push(camera.store.getState())
  }
  camera.store.subscribe(show)

  return {
    /** Somebody follows us. */
    onFollowed() {
      followedUntil = deps.now() + FOLLOWED_MS
      show()
    },
    /** The channel is a crowd, or not: from now on, and again after each `user_sync`. */
    onCrowd(on: boolean) {
      crowd = on
      if (on) show()
    },
    onView({ user_id: userId, position, width, height }: ViewFrame) {
      theirs = { userId, sight: { middle: position, width, height }, until: deps.now() + FRESH_MS }
    },
    /** Their view, if they show it. */
    of: (userId: string): Sight | undefined =>
      theirs?.userId === userId && deps.now() < theirs.until ? theirs.sight : undefined,
  }
}

export type Views = ReturnType<typeof createViews>

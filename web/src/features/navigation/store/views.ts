/*
 * Views: what we see, shown to those who follow us while they do, and what the one we follow sees (W32).
 *
 * Whoever follows somebody shows no view of their own: two who follow each other would send each other's round
 * and round, each a little wider.
 */
import { wirePoint, type Camera, type Point, type Size } from '../../canvas/model/camera'
import { throttle } from '../../../shared/throttle'
import type { ViewFrame } from '../../../shared/net/frames'
import type { CameraStore } from '../../canvas/store/camera'
import { timersOf, type Deps } from '../../../shared/store/deps'

const SHOW_EVERY_MS = 120
/** told so again every 5 s by each follower */
const FOLLOWED_MS = 12_000
/** shown again at least every 5 s: one that is older says nothing of where they look now */
const FRESH_MS = 11_000
export const SAY_AGAIN_MS = 5_000

export interface Sight extends Size {
  readonly middle: Point
}

export function createViews(deps: Deps, camera: CameraStore, mayShow: () => boolean) {
  let followedUntil = Number.NEGATIVE_INFINITY
  let theirs: { readonly userId: string; readonly sight: Sight; readonly until: number } | undefined

  const sender = throttle<{ camera: Camera; view: Size }>(
    SHOW_EVERY_MS,
    ({ camera: { x, y, zoom }, view }) =>
      deps.uplink.send({
        type: 'view',
        position: wirePoint({ x, y }),
        width: Math.max(1, Math.round(view.width / zoom)),
        height: Math.max(1, Math.round(view.height / zoom)),
      }),
    timersOf(deps),
  )

  function show() {
    if (deps.now() < followedUntil && mayShow()) sender.push(camera.store.getState())
  }
  camera.store.subscribe(show)

  return {
    /** Somebody follows us. */
    onFollowed() {
      followedUntil = deps.now() + FOLLOWED_MS
      show()
    },
    onView({ user_id: userId, position, width, height }: ViewFrame) {
      theirs = { userId, sight: { middle: position, width, height }, until: deps.now() + FRESH_MS }
    },
    /** What they see, as far as they show it. */
    of: (userId: string): Sight | undefined =>
      theirs?.userId === userId && deps.now() < theirs.until ? theirs.sight : undefined,
  }
}

export type Views = ReturnType<typeof createViews>

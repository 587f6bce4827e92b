/*
 * Views (W32): ours, sent by the rules of the client, and that of the person we follow.
 *
 * While we follow somebody we send no view: two people who follow each other would send each other's view back and forth.
 * In a crowd (W160) we always send it, because the server sends what the view shows; it decides who else gets the view.
 */
import { sightOf, type Sight } from '../../canvas/model/sight'
import type { ViewFrame, ViewMessage } from '@asocial/client/core/frames'
import { createViewSender } from '@asocial/client/core/view-sender'
import type { CameraStore } from '../../canvas/store/camera'
import type { Deps } from '../../../shared/store/deps'

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
  let theirs: { readonly userId: string; readonly sight: Sight; readonly until: number } | undefined
  let crowd = false

  function ours(): ViewMessage | undefined {
    if (!crowd && !mayShow()) return undefined
    const { middle: position, width, height } = sightOf(camera.store.getState())
    return { type: 'view', position, width, height }
  }

  function send(view: ViewMessage): boolean {
    const sent = deps.send(view)
    const { position: middle, width, height } = view
    if (sent && crowd) looked({ middle, width, height })
    return sent
  }

  const sender = createViewSender({ now: deps.now, send }, ours, () => crowd)
  camera.store.subscribe(sender.show)

  return {
    /** Somebody follows us. */
    onFollowed: sender.onFollowed,
    /** The channel is a crowd, or not: from now on, and again after each `user_sync`. */
    onCrowd(on: boolean) {
      crowd = on
      sender.show()
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

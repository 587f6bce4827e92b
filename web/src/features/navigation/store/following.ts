/*
 * Following one person: the camera moves with them frame by frame, outside React, until the user moves it. It also shows
 * our own view to our followers. Fetched when somebody is followed (store/navigation.ts).
 */
import type { Camera, Size } from '../../canvas/model/camera'
import type { ViewFrame } from '../../../shared/net/frames'
import type { Deps } from '../../../shared/store/deps'
import type { createStore } from '../../../shared/store/store'
import { fitted, glide, keepInSight } from '../model/following'
import { createFollowers } from './followers'
import { goToNearest, goToPerson, placeOf, type Places } from './finding'
import { createViews, SAY_AGAIN_MS } from './views'

/** a frame after a pause is not one long frame */
const FRAME_MAX_MS = 64

export interface FollowingState {
  /** the user whom we follow */
  readonly following: string | undefined
  /** those who follow us */
  readonly followers: readonly string[]
}

export function createFollowing(
  deps: Deps,
  places: Places,
  store: ReturnType<typeof createStore<FollowingState>>,
  reducedMotion: () => boolean,
  onMap: () => boolean,
) {
  const { camera, cursors, messages } = places
  const followed = () => store.getState().following
  let asked = 0
  let last = 0
  let sayTimer: ReturnType<typeof setInterval> | undefined
  const views = createViews(deps, camera, () => onMap() && followed() === undefined)
  const followers = createFollowers(deps, (now) => store.setState({ followers: now }))

  /** Their view, if they show it; else one that has where they write or point well within it. */
  function goalOf(userId: string, now: Camera, view: Size): Camera | undefined {
    const seen = views.of(userId)
    if (seen) return fitted(view, seen)
    const place = placeOf(places, userId)
    return place && keepInSight(now, view, place)
  }

  function sayFollow() {
    const userId = followed()
    if (userId !== undefined) deps.uplink.send({ type: 'follow', user_id: userId })
  }

  function step(at: number) {
    asked = 0
    const userId = followed()
    if (userId === undefined) return
    const { camera: now, view } = camera.store.getState()
    const goal = goalOf(userId, now, view)
    if (!goal || (goal.x === now.x && goal.y === now.y && goal.zoom === now.zoom)) return
    const dt = Math.min(FRAME_MAX_MS, at - last)
    last = at
    asked = requestAnimationFrame(step)
    camera.carry(reducedMotion() ? goal : glide(now, goal, dt))
  }

  function wake() {
    if (asked || followed() === undefined || camera.flying()) return
    last = performance.now()
    asked = requestAnimationFrame(step)
  }

  store.subscribe(({ following }) => {
    if (following !== undefined) return
    cancelAnimationFrame(asked)
    asked = 0
    clearInterval(sayTimer)
  })
  cursors.onWake(wake)
  messages.store.subscribe((now, before) => {
    if (now.messages !== before.messages) wake()
  })
  // They may have moved on while the camera flew to them.
  camera.store.subscribe(wake)

  return {
    goToNearest: () => goToNearest(places),
    /** Flies to this person and stays with them, unless the user has stopped following them by now. */
    follow(userId: string) {
      if (followed() !== userId) return
      // A flight ends following.
      goToPerson(places, userId)
      store.setState({ following: userId })
      clearInterval(sayTimer)
      sayFollow()
      sayTimer = setInterval(sayFollow, SAY_AGAIN_MS)
      wake()
    },
    onFollowed(userId: string) {
      followers.onFollowed(userId)
      views.onFollowed()
    },
    keepOnly: followers.keepOnly,
    onView(frame: ViewFrame) {
      if (frame.user_id !== followed()) return
      views.onView(frame)
      wake()
    },
  }
}

export type Following = ReturnType<typeof createFollowing>

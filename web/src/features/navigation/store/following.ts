/*
 * Following one person: the camera moves with them frame by frame, outside React, until the user moves it. It also shows
 * our own view to our followers, and to the server in a crowd. Fetched when first needed (store/navigation.ts).
 */
import { HOME, type Camera, type Size } from '../../canvas/model/camera'
import type { ActivityFrame, ViewFrame } from '@asocial/client/core/frames'
import type { Deps } from '../../../shared/store/deps'
import type { createStore } from '../../../shared/store/store'
import { fitted, glide, keepInSight } from '../model/following'
import { createFollowers } from './followers'
import {
  goToNearest,
  goToPerson,
  placeOf,
  somebodyUnplaced,
  viewOnArrival,
  type Places,
} from './finding'
import { isWithin, onActivity, regionOf } from '../model/activity'
import type { Sight } from '../../canvas/model/sight'
import { createViews, SAY_AGAIN_MS } from './views'

/** a frame after a pause is not one long frame */
const FRAME_MAX_MS = 64
/** how long the view of somebody whose place is unknown is waited for */
const SEEK_MS = 1_500
const MISSED_MS = 3_600
/** the people who are here show a newcomer where they are within this time (W16) */
const SHOWN_AFTER_MS = 1_000
/** After a crowd, people show where they are within this time; until then its activity does. */
const AFTER_CROWD_MS = 2_000

export interface FollowingState {
  /** the user whom we follow */
  readonly following: string | undefined
  /** those who follow us */
  readonly followers: readonly string[]
  /** why the view did not go to the nearest conversation, for a moment */
  readonly missed: 'alone' | 'none' | undefined
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
  /** the user whose view we asked for once, to go there */
  let sought: string | undefined
  let seekTimer: ReturnType<typeof setTimeout> | undefined
  let crowdTimer: ReturnType<typeof setTimeout> | undefined
  const views = createViews(deps, camera, () => onMap() && followed() === undefined, onLook)
  const followers = createFollowers(deps, (now) => store.setState({ followers: now }))

  /** Their view, if they show it; else one that has where they write or point well within it. */
  function goalOf(userId: string, now: Camera, view: Size): Camera | undefined {
    const seen = views.of(userId)
    if (seen) return fitted(view, seen)
    const place = placeOf(places, userId)
    return place && keepInSight(now, view, place)
  }

  /** In a crowd, the server now sends us what is around this view. A pointer elsewhere would stay where it was last seen. */
  function onLook({ middle, ...size }: Sight) {
    const { region: before, places: known } = places.crowd.getState()
    const region = regionOf(middle, size)
    const same = before && JSON.stringify(before) === JSON.stringify(region)
    if (same) return
    places.crowd.setState({ region })
    if (known.size === 0) return
    const { movers } = cursors
    cursors.keepOnly((id) => {
      const mover = movers.get(id)
      return (
        id === followed() || (mover !== undefined && isWithin(region, { x: mover.tx, y: mover.ty }))
      )
    })
  }

  function sayFollow(userId = followed()) {
    if (userId !== undefined) deps.send({ type: 'follow', user_id: userId })
  }

  function miss() {
    sought = undefined
    store.setState({ missed: places.presence.alone() ? 'alone' : 'none' })
    seekTimer = setTimeout(() => store.setState({ missed: undefined }), MISSED_MS)
  }

  /** To the nearest conversation, else to people who do not talk, else to somebody who shows us their view (W32). */
  function nearest() {
    clearTimeout(seekTimer)
    store.setState({ missed: undefined })
    if (goToNearest(places)) return
    sought = somebodyUnplaced(places)
    if (sought === undefined) return miss()
    sayFollow(sought)
    seekTimer = setTimeout(miss, SEEK_MS)
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
    goToNearest: nearest,
    /** Shows a newcomer the people and the text nearby, until they move the view or write. */
    frameNearby() {
      let shown: Camera = HOME
      const frame = () => {
        const { x, y, zoom } = camera.store.getState().camera
        const moved = x !== shown.x || y !== shown.y || zoom !== shown.zoom
        if (moved || messages.store.getState().draft) return
        const next = viewOnArrival(places)
        if (!next) return
        shown = next
        camera.flyTo(next)
      }
      frame()
      setTimeout(frame, SHOWN_AFTER_MS)
    },
    /** Flies to this person and stays with them, unless the user has stopped following them by now. */
    follow(userId: string) {
      if (followed() !== userId) return
      // A flight ends following.
      goToPerson(places, userId)
      store.setState({ following: userId })
      clearInterval(sayTimer)
      sayFollow()
      sayTimer = setInterval(() => sayFollow(), SAY_AGAIN_MS)
      wake()
    },
    onFollowed(userId: string) {
      followers.onFollowed(userId)
      views.onFollowed()
    },
    keepOnly: followers.keepOnly,
    onCrowd(on: boolean) {
      clearTimeout(crowdTimer)
      views.onCrowd(on)
      if (on || places.crowd.getState().region === undefined) return
      crowdTimer = setTimeout(
        () => places.crowd.setState({ region: undefined, places: new Map() }),
        AFTER_CROWD_MS,
      )
    },
    onActivity: (frame: ActivityFrame) =>
      places.crowd.setState(onActivity(places.crowd.getState(), frame)),
    onView(frame: ViewFrame) {
      if (frame.user_id === sought) {
        sought = undefined
        clearTimeout(seekTimer)
        const { zoom } = camera.store.getState().camera
        camera.flyTo({ ...frame.position, zoom })
      }
      if (frame.user_id !== followed()) return
      views.onView(frame)
      wake()
    },
  }
}

export type Following = ReturnType<typeof createFollowing>

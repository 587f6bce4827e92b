/*
 * Where everybody is, going there, and following one person.
 *
 * Spots are collected when asked for, a few times a second at most; no state changes with each movement of a pointer.
 * Following moves the camera frame by frame, outside React, until the visitor moves it.
 */
import { HOME, type Camera, type Point, type Size } from '../../canvas/model/camera'
import { nearestConversation, sightOf, spotsOf, type Spot, type Told } from '../model/spots'
import { fitted, glide, keepInSight } from '../../canvas/model/flight'
import type { Entry } from '../../messages/model/messages'
import type { ViewFrame } from '../../../shared/net/frames'
import type { CameraStore } from '../../canvas/store/camera'
import type { Cursors } from '../../cursors/store/cursors'
import type { Deps } from '../../../shared/store/deps'
import type { PresenceStore } from '../../people/store/presence'
import type { MessagesStore } from '../../messages/store/messages'
import { createViews, SAY_AGAIN_MS } from './views'
import { createStore } from '../../../shared/store/store'

/** a frame after a pause is not one long frame */
const FRAME_MAX_MS = 64

const ASIDE_SHARE = 0.1
const ABOVE_PX = 48

export function createNavigation(
  deps: Deps,
  camera: CameraStore,
  cursors: Cursors,
  messages: MessagesStore,
  presence: PresenceStore,
  reducedMotion: () => boolean,
  onMap: () => boolean,
) {
  const store = createStore<{ readonly following: string | undefined }>(() => ({
    following: undefined,
  }))
  let asked = 0
  let last = 0
  let sayTimer: ReturnType<typeof setInterval> | undefined
  const views = createViews(deps, camera, () => onMap() && store.getState().following === undefined)

  /** W31. A draft of an unknown author is not on the map; a message says itself whether it is. */
  function isOnMap({ userId, state, onMap }: Entry): boolean {
    const author = userId === undefined ? undefined : presence.profile(userId)
    if (author) return author.on_map !== false
    return state !== 'draft' && onMap !== false
  }
  function* pointers(): Generator<readonly [string, Point]> {
    for (const each of cursors.movers) {
      const person = presence.profile(each[0])
      if (person && person.on_map !== false) yield each
    }
  }
  function* told(): Generator<Told> {
    for (const entry of messages.store.getState().messages.entries.values()) {
      const { key, userId, at, state, mine } = entry
      if (!mine && isOnMap(entry)) yield { key, userId, at, draft: state === 'draft' }
    }
  }
  const spots = (): Spot[] => spotsOf(pointers(), told())

  /** Where someone writes, points or was last heard; undefined: nobody knows. */
  function placeOf(userId: string): Point | undefined {
    const theirs = spots().filter((spot) => spot.userId === userId)
    return (theirs.find((spot) => spot.kind === 'person') ?? theirs.at(-1))?.at
  }

  function goTo(found: readonly Spot[]): boolean {
    const { camera: now, view } = camera.store.getState()
    // From far out, zoom in to where messages can be read.
    const zoom = now.zoom < 0.5 ? 1 : now.zoom
    const sight = sightOf(found, view, zoom)
    if (!sight) return false
    // Words grow to the right of their point, and chips hang at the middle of the edges.
    const x = sight.x + (view.width * ASIDE_SHARE) / zoom
    camera.flyTo({ x, y: sight.y + ABOVE_PX / zoom, zoom })
    return true
  }

  function stop() {
    cancelAnimationFrame(asked)
    asked = 0
    clearInterval(sayTimer)
    if (store.getState().following !== undefined) store.setState({ following: undefined })
  }

  /** Their view, as far as they show it; else one that has where they write or point well within it. */
  function goalOf(userId: string, now: Camera, view: Size): Camera | undefined {
    const seen = views.of(userId)
    if (seen) return fitted(view, seen)
    const place = placeOf(userId)
    return place && keepInSight(now, view, place)
  }

  function sayFollow() {
    const { following } = store.getState()
    if (following !== undefined) deps.uplink.send({ type: 'follow', user_id: following })
  }

  function step(at: number) {
    asked = 0
    const { following } = store.getState()
    if (following === undefined) return
    const { camera: now, view } = camera.store.getState()
    const goal = goalOf(following, now, view)
    if (!goal || (goal.x === now.x && goal.y === now.y && goal.zoom === now.zoom)) return
    const dt = Math.min(FRAME_MAX_MS, at - last)
    last = at
    asked = requestAnimationFrame(step)
    camera.carry(reducedMotion() ? goal : glide(now, goal, dt))
  }

  function wake() {
    if (asked || store.getState().following === undefined || camera.flying()) return
    last = performance.now()
    asked = requestAnimationFrame(step)
  }
  cursors.onWake(wake)
  messages.store.subscribe((now, before) => {
    if (now.messages !== before.messages) wake()
  })
  // A flight that ended may have ended where they no longer are.
  camera.store.subscribe(wake)
  camera.onMovedByHand(stop)

  return {
    store,
    isOnMap,
    spots,
    placeOf,
    goTo,
    /** To the nearest conversation outside the view. False: there is none. */
    goToNearest() {
      const { camera: now, view } = camera.store.getState()
      return goTo(nearestConversation(now, view, spots()))
    },
    goHome: () => camera.flyTo(HOME),
    goToPerson(userId: string) {
      const at = placeOf(userId)
      if (at) goTo([{ id: '', userId, kind: 'person', at, typing: false }])
    },
    follow(userId: string) {
      this.goToPerson(userId)
      store.setState({ following: userId })
      clearInterval(sayTimer)
      sayFollow()
      sayTimer = setInterval(sayFollow, SAY_AGAIN_MS)
      wake()
    },
    onFollowed: views.onFollowed,
    onView(frame: ViewFrame) {
      if (frame.user_id !== store.getState().following) return
      views.onView(frame)
      wake()
    },
    stop,
    wake,
    /** People left: one of them may be the one we follow. */
    keepOnly(isHere: (userId: string) => boolean) {
      const { following } = store.getState()
      if (following !== undefined && !isHere(following)) stop()
    },
  }
}

export type Navigation = ReturnType<typeof createNavigation>

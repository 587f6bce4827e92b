/*
 * Where other people and their messages are, and going there. Spots are collected when asked for, a few times a second at
 * most; no state changes with each movement of a pointer. Nothing here is needed while you are alone: it is fetched later.
 */
import { distance, type Camera, type Point } from '../../canvas/model/camera'
import { frameAll, frameAt, showsAll, widestOn } from '../../canvas/model/framing'
import type { CameraStore } from '../../canvas/store/camera'
import type { Session } from '../../channel/store/session'
import type { Cursors } from '../../cursors/store/cursors'
import type { Entry } from '@asocial/client/core/messages'
import type { MessagesStore } from '../../messages/store/messages'
import type { PresenceStore } from '../../people/store/presence'
import type { createStore } from '../../../shared/store/store'
import { isWithin, spotsInCrowd, type Crowd } from '../model/activity'
import {
  isTalk,
  nearby,
  nearestConversation,
  placed,
  spotsOf,
  type Hung,
  type Spot,
} from '../model/spots'

/** What the view goes to lies within these margins: above and below are controls. */
const INSETS = { left: 20, top: 64, right: 20, bottom: 64 }
/** Within these, a newcomer's view need not move. */
const SHOWN = { left: 4, top: 40, right: 4, bottom: 40 }

/** After the view went to a place of a crowd, what is said there is waited for: so often, and so long between. */
const LOOKS = 20
const LOOK_EVERY_MS = 150

/** The stores that know who is here, and where. */
export interface Places {
  readonly session: Session
  readonly camera: CameraStore
  readonly cursors: Cursors
  readonly messages: MessagesStore
  readonly presence: PresenceStore
  readonly crowd: ReturnType<typeof createStore<Crowd>>
}

/** W31. A draft of an unknown author is not on the map; a message says itself whether it is. */
export function isOnMap(presence: PresenceStore, { userId, state, onMap }: Entry): boolean {
  const author = userId === undefined ? undefined : presence.profile(userId)
  if (author) return author.on_map !== false
  return state !== 'draft' && onMap !== false
}

/** Where the pointers are drawn, or, `ahead`, where they move to. */
function* pointers(places: Places, ahead: boolean): Generator<readonly [string, Point]> {
  const { cursors, presence } = places
  for (const [id, mover] of cursors.movers) {
    const person = presence.profile(id)
    if (!person || person.on_map === false) continue
    yield [id, ahead ? { x: mover.tx, y: mover.ty } : mover]
  }
}

function* hung({ messages, presence }: Places): Generator<Hung> {
  for (const entry of messages.store.getState().messages.entries.values()) {
    const { key, userId, at, state, mine, text } = entry
    if (!mine && isOnMap(presence, entry)) yield { key, userId, at, text, draft: state === 'draft' }
  }
}

/** `followed`: a user whom we follow. `ahead`: pointers are where they move to, not where they are drawn. */
export function spotsFor(places: Places, followed?: string, ahead = false): Spot[] {
  const near = spotsOf(pointers(places, ahead), hung(places))
  return spotsInCrowd(near, places.crowd.getState(), selfOf(places), followed)
}

/** Where the server counts us: at our pointer, else in the middle of the view (W166). */
const selfOf = ({ cursors, camera }: Places): Point =>
  cursors.own() ?? camera.store.getState().camera

function spotOf(places: Places, userId: string): Spot | undefined {
  const theirs = spotsFor(places, userId).filter((spot) => spot.userId === userId)
  return theirs.find((spot) => spot.kind === 'person') ?? theirs.at(-1)
}

/** Where someone writes, points, or last posted; undefined: unknown. */
export const placeOf = (places: Places, userId: string): Point | undefined =>
  spotOf(places, userId)?.at

/** Flies to a view that shows the first of `found`, and as many of the others as fit. */
export function goTo(places: Places, found: readonly Spot[]) {
  const { camera } = places
  const { camera: now, view } = camera.store.getState()
  // From far out, zoom in to where messages can be read.
  const zoom = now.zoom < 0.5 ? 1 : now.zoom
  const widest = widestOn(view, zoom)
  const all = found.map((spot) => placed(spot, widest))
  const next = frameAt(all, view, INSETS, zoom)
  if (!next) return
  camera.flyTo(next)
  if (found[0]?.kind === 'place') lookAround(places, found[0], next, LOOKS)
}

/** Shows what is said in a place of a crowd, once the view is there and the server has sent it; people, if nobody talks. */
function lookAround(places: Places, place: Spot, shown: Camera, looks: number) {
  const half = (place.size ?? 0) / 2
  const { x, y } = place.at
  const square = { left: x - half, top: y - half, right: x + half, bottom: y + half }
  setTimeout(() => {
    const { camera } = places
    if (camera.flying()) return lookAround(places, place, shown, looks)
    const now = camera.store.getState().camera
    // The user has moved the view.
    if (distance(now, shown) > 1 || now.zoom !== shown.zoom) return
    const there = spotsFor(places)
      .filter(({ at, kind }) => kind !== 'place' && isWithin(square, at))
      .sort(
        (a, b) =>
          Number(isTalk(b)) - Number(isTalk(a)) || distance(now, a.at) - distance(now, b.at),
      )
    const first = there[0]
    if (first && (isTalk(first) || looks === 0)) goTo(places, there)
    else if (looks > 0) lookAround(places, place, shown, looks - 1)
  }, LOOK_EVERY_MS)
}

/** To the nearest conversation outside the view; false: there is none. */
export function goToNearest(places: Places): boolean {
  const { camera, view } = places.camera.store.getState()
  const found = nearestConversation(camera, view, spotsFor(places))
  goTo(places, found)
  return found.length > 0
}

/** Somebody on the map whose place nobody knows: on a phone, people have no pointer. */
export function somebodyUnplaced(places: Places): string | undefined {
  const known = new Set(spotsFor(places).map(({ userId }) => userId))
  const self = places.session.store.getState().userId
  for (const { user_id, on_map } of places.presence.store.getState().presence.users.values()) {
    if (user_id !== self && on_map !== false && !known.has(user_id)) return user_id
  }
  return undefined
}

export function goToPerson(places: Places, userId: string) {
  const spot = spotOf(places, userId)
  if (spot) goTo(places, [spot])
}

/** The view that a newcomer should have; undefined: theirs shows everything nearby, or nothing is. */
export function viewOnArrival(places: Places) {
  const { camera, view } = places.camera.store.getState()
  // A pointer that is on its way to somewhere far away is not nearby.
  const spots = nearby(spotsFor(places, undefined, true))
  const at = (zoom: number) => spots.map((spot) => placed(spot, widestOn(view, zoom)))
  return showsAll(at(camera.zoom), camera, view, SHOWN) ? undefined : frameAll(at, view, INSETS)
}

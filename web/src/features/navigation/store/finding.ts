/*
 * Where other people and their messages are, and going there. Spots are collected when asked for, a few times a second at
 * most; no state changes with each movement of a pointer. Nothing here is needed while you are alone: it is fetched later.
 */
import type { Point } from '../../canvas/model/camera'
import { frameAll, frameAt, showsAll, widestOn } from '../../canvas/model/framing'
import type { CameraStore } from '../../canvas/store/camera'
import type { Session } from '../../channel/store/session'
import type { Cursors } from '../../cursors/store/cursors'
import type { Entry } from '@asocial/client/core/messages'
import type { MessagesStore } from '../../messages/store/messages'
import type { PresenceStore } from '../../people/store/presence'
import { nearby, nearestConversation, placed, spotsOf, type Hung, type Spot } from '../model/spots'

/** What the view goes to lies within these margins: above and below are controls. */
const INSETS = { left: 20, top: 64, right: 20, bottom: 64 }
/** Within these, a newcomer's view need not move. */
const SHOWN = { left: 4, top: 40, right: 4, bottom: 40 }

/** The stores that know who is here, and where. */
export interface Places {
  readonly session: Session
  readonly camera: CameraStore
  readonly cursors: Cursors
  readonly messages: MessagesStore
  readonly presence: PresenceStore
}

/** W31. A draft of an unknown author is not on the map; a message says itself whether it is. */
export function isOnMap(presence: PresenceStore, { userId, state, onMap }: Entry): boolean {
  const author = userId === undefined ? undefined : presence.profile(userId)
  if (author) return author.on_map !== false
  return state !== 'draft' && onMap !== false
}

function* pointers({ cursors, presence }: Places): Generator<readonly [string, Point]> {
  for (const each of cursors.movers) {
    const person = presence.profile(each[0])
    if (person && person.on_map !== false) yield each
  }
}

function* hung({ messages, presence }: Places): Generator<Hung> {
  for (const entry of messages.store.getState().messages.entries.values()) {
    const { key, userId, at, state, mine, text } = entry
    if (!mine && isOnMap(presence, entry)) yield { key, userId, at, text, draft: state === 'draft' }
  }
}

export const spotsFor = (places: Places): Spot[] => spotsOf(pointers(places), hung(places))

function spotOf(places: Places, userId: string): Spot | undefined {
  const theirs = spotsFor(places).filter((spot) => spot.userId === userId)
  return theirs.find((spot) => spot.kind === 'person') ?? theirs.at(-1)
}

/** Where someone writes, points, or last posted; undefined: unknown. */
export const placeOf = (places: Places, userId: string): Point | undefined =>
  spotOf(places, userId)?.at

/** Flies to a view that shows the first of `found`, and as many of the others as fit. */
export function goTo({ camera }: Places, found: readonly Spot[]) {
  const { camera: now, view } = camera.store.getState()
  // From far out, zoom in to where messages can be read.
  const zoom = now.zoom < 0.5 ? 1 : now.zoom
  const widest = widestOn(view, zoom)
  const all = found.map((spot) => placed(spot, widest))
  const next = frameAt(all, view, INSETS, zoom)
  if (next) camera.flyTo(next)
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
  const spots = nearby(spotsFor(places))
  const at = (zoom: number) => spots.map((spot) => placed(spot, widestOn(view, zoom)))
  return showsAll(at(camera.zoom), camera, view, SHOWN) ? undefined : frameAll(at, view, INSETS)
}

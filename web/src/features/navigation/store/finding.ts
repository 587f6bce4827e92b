/*
 * Where other people and their messages are, and going there. Spots are collected when asked for, a few times a second at
 * most; no state changes with each movement of a pointer. Nothing here is needed while you are alone: it is fetched later.
 */
import type { Point } from '../../canvas/model/camera'
import type { CameraStore } from '../../canvas/store/camera'
import type { Cursors } from '../../cursors/store/cursors'
import type { Entry } from '../../messages/model/messages'
import type { MessagesStore } from '../../messages/store/messages'
import type { PresenceStore } from '../../people/store/presence'
import { nearestConversation, sightOf, spotsOf, type Hung, type Spot } from '../model/spots'

const ASIDE_SHARE = 0.1
const ABOVE_PX = 48

/** The stores that know where everybody is. */
export interface Places {
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
    const { key, userId, at, state, mine } = entry
    if (!mine && isOnMap(presence, entry)) yield { key, userId, at, draft: state === 'draft' }
  }
}

export const spotsFor = (places: Places): Spot[] => spotsOf(pointers(places), hung(places))

/** Where someone writes, points, or last posted; undefined: unknown. */
export function placeOf(places: Places, userId: string): Point | undefined {
  const theirs = spotsFor(places).filter((spot) => spot.userId === userId)
  return (theirs.find((spot) => spot.kind === 'person') ?? theirs.at(-1))?.at
}

export function goTo({ camera }: Places, found: readonly Spot[]) {
  const { camera: now, view } = camera.store.getState()
  // From far out, zoom in to where messages can be read.
  const zoom = now.zoom < 0.5 ? 1 : now.zoom
  const sight = sightOf(found, view, zoom)
  if (!sight) return
  // Words grow to the right of their point, and chips are in the middle of the edges.
  const x = sight.x + (view.width * ASIDE_SHARE) / zoom
  camera.flyTo({ x, y: sight.y + ABOVE_PX / zoom, zoom })
}

/** To the nearest conversation outside the view, if there is one. */
export function goToNearest(places: Places) {
  const { camera, view } = places.camera.store.getState()
  goTo(places, nearestConversation(camera, view, spotsFor(places)))
}

export function goToPerson(places: Places, userId: string) {
  const at = placeOf(places, userId)
  if (at) goTo(places, [{ id: '', userId, kind: 'person', at, typing: false }])
}

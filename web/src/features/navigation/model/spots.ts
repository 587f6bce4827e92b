/*
 * Where other people are, and where the nearest conversation is.
 *
 * A spot is a person (where they write, else where they point), or a message away from its author. A person whose place is
 * unknown has none.
 * Pure: no DOM, no clocks.
 */
import { distance, isSeen, type Camera, type Point, type Size } from '../../canvas/model/camera'

export interface Spot {
  /** stable: `@user`, or the key of a message */
  readonly id: string
  readonly userId: string | undefined
  readonly kind: 'person' | 'message'
  readonly at: Point
  readonly typing: boolean
}

/** A message this close to its author's cursor has no spot of its own. */
const BESIDE_PX = 500
/** Messages closer together than this are one conversation. */
const CONVERSATION_PX = 700

export interface Hung {
  readonly key: string
  readonly userId: string | undefined
  readonly at: Point
  readonly draft: boolean
}

/** Spots from others' cursors, drafts and messages: one for each person, and one for each message elsewhere. */
export function spotsOf(
  pointers: Iterable<readonly [string, Point]>,
  hung: Iterable<Hung>,
): Spot[] {
  const people = new Map<string, Spot>()
  const person = (userId: string, at: Point, typing: boolean) =>
    people.set(userId, { id: `@${userId}`, userId, kind: 'person', at, typing })
  for (const [userId, { x, y }] of pointers) person(userId, { x, y }, false)
  const posted: Hung[] = []
  for (const each of hung) {
    if (each.draft && each.userId !== undefined) person(each.userId, each.at, true)
    else posted.push(each)
  }
  const messages = posted.filter(({ userId, at }) => {
    const author = people.get(userId ?? '')
    return !author || distance(author.at, at) > BESIDE_PX
  })
  return [
    ...people.values(),
    ...messages.map(({ key, userId, at }): Spot => ({
      id: key,
      userId,
      kind: 'message',
      at,
      typing: false,
    })),
  ]
}

/** The point that has the first of `spots` in view, and as many of the others as fit. */
export function sightOf(spots: readonly Spot[], view: Size, zoom: number): Point | undefined {
  const first = spots[0]
  if (!first) return undefined
  const reach = { x: (view.width / zoom) * 0.38, y: (view.height / zoom) * 0.38 }
  let [left, right, top, bottom] = [first.at.x, first.at.x, first.at.y, first.at.y]
  for (const { at } of spots) {
    const wider = [Math.min(left, at.x), Math.max(right, at.x)] as const
    const higher = [Math.min(top, at.y), Math.max(bottom, at.y)] as const
    if (wider[1] - wider[0] > reach.x * 2 || higher[1] - higher[0] > reach.y * 2) continue
    ;[left, right] = wider
    ;[top, bottom] = higher
  }
  return { x: (left + right) / 2, y: (top + bottom) / 2 }
}

/**
 * The nearest conversation outside the view, its nearest spot first. People who do not write count only if nobody does.
 */
export function nearestConversation(camera: Camera, view: Size, spots: readonly Spot[]): Spot[] {
  const hidden = spots.filter((spot) => !isSeen(camera, view, spot.at))
  const talking = hidden.filter((spot) => spot.typing || spot.kind === 'message')
  const pool = talking.length > 0 ? talking : hidden
  const rest = [...pool].sort((a, b) => distance(camera, a.at) - distance(camera, b.at))
  const found = rest.splice(0, 1)
  for (let i = 0; i < found.length; i += 1) {
    const here = found[i] as Spot
    for (let j = rest.length - 1; j >= 0; j -= 1) {
      const other = rest[j] as Spot
      if (distance(here.at, other.at) <= CONVERSATION_PX) found.push(...rest.splice(j, 1))
    }
  }
  return found
}

/*
 * Where other people are, and where the nearest conversation is.
 *
 * A spot is a person (where they write, else where they point), a message away from its author, or a place of a crowd with
 * all that is there (activity.ts). A person whose place is unknown has none.
 * Pure: no DOM, no clocks.
 */
import { distance, isSeen, type Camera, type Point, type Size } from '../../canvas/model/camera'
import type { Placed } from '../../canvas/model/framing'
import { directionOf } from '../../../shared/text/payload'

export interface Spot {
  /** stable: `@user`, the key of a message, or `#x,y` */
  readonly id: string
  readonly userId: string | undefined
  readonly kind: 'person' | 'message' | 'place'
  readonly at: Point
  readonly typing: boolean
  /** what is written there */
  readonly text?: string | undefined
  /** of a place */
  readonly people?: number
  readonly messages?: number
  readonly size?: number
}

/** A message this close to its author's cursor has no spot of its own. */
const BESIDE_PX = 500
/** Messages closer together than this are one conversation. */
const CONVERSATION_PX = 700
/** On arrival, people and messages this close to the middle of the channel, to each side, are nearby. */
const NEARBY_PX = 1_500

/** as in messages/messages.css, at text scale 1 */
const LETTER_PX = 11
const LINE_PX = 28
const NAME_PX = 16
/** a pointer with the name beside it */
const POINTER = { left: -8, top: -8, right: 96, bottom: 22 }

export interface Hung {
  readonly key: string
  readonly userId: string | undefined
  readonly at: Point
  readonly draft: boolean
  readonly text: string
}

/** Spots from others' cursors, drafts and messages: one for each person, and one for each message elsewhere. */
export function spotsOf(
  pointers: Iterable<readonly [string, Point]>,
  hung: Iterable<Hung>,
): Spot[] {
  const people = new Map<string, Spot>()
  const person = (userId: string, at: Point, text?: string) =>
    people.set(userId, {
      id: `@${userId}`,
      userId,
      kind: 'person',
      at,
      typing: text !== undefined,
      text,
    })
  for (const [userId, { x, y }] of pointers) person(userId, { x, y })
  const posted: Hung[] = []
  for (const each of hung) {
    if (each.draft && each.userId !== undefined) person(each.userId, each.at, each.text)
    else posted.push(each)
  }
  const messages = posted.filter(({ userId, at }) => {
    const author = people.get(userId ?? '')
    return !author || distance(author.at, at) > BESIDE_PX
  })
  return [
    ...people.values(),
    ...messages.map(({ key, userId, at, text }): Spot => ({
      id: key,
      userId,
      kind: 'message',
      at,
      typing: false,
      text,
    })),
  ]
}

/** The box that a spot takes: a pointer with its name, or text of about this size, at most `widest` wide. */
export function placed({ at, text }: Spot, widest: number): Placed {
  if (text === undefined) return { at, box: POINTER }
  let width = 0
  let lines = 0
  for (const line of text.split('\n')) {
    const long = line.length * LETTER_PX
    width = Math.max(width, Math.min(widest, long))
    lines += Math.max(1, Math.ceil(long / widest))
  }
  const rtl = directionOf(text) === 'rtl'
  const box = {
    left: rtl ? -width : 0,
    top: -LINE_PX / 2 - NAME_PX,
    right: rtl ? 0 : width,
    bottom: lines * LINE_PX - LINE_PX / 2,
  }
  return { at, box }
}

export const isTalk = ({ typing, kind, messages = 0 }: Spot) =>
  typing || kind === 'message' || messages > 0

/** Whom and what a newcomer, in the middle of the channel, should see: text first, the nearest first. */
export function nearby(spots: readonly Spot[]): Spot[] {
  const from = { x: 0, y: 0 }
  return spots
    .filter(
      ({ at, kind }) => kind !== 'place' && Math.max(Math.abs(at.x), Math.abs(at.y)) <= NEARBY_PX,
    )
    .sort(
      (a, b) =>
        Number(isTalk(b)) - Number(isTalk(a)) || distance(from, a.at) - distance(from, b.at),
    )
}

/**
 * The nearest conversation outside the view, its nearest spot first. People who do not write count only if nobody does.
 */
export function nearestConversation(camera: Camera, view: Size, spots: readonly Spot[]): Spot[] {
  const hidden = spots.filter((spot) => !isSeen(camera, view, spot.at))
  const talking = hidden.filter(isTalk)
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

/*
 * Where everybody is, as seen from here: what hangs at the edge of the view for those outside
 * it, and where to go for company.
 *
 * A spot is a place worth going to: a person (where they write, else where they point), or
 * something said that hangs away from its author. Whoever has no known place has no spot.
 * Spots outside the view are carried to the edge along the line from the middle of the view; those
 * that would cover each other there become one chip. Pure: no DOM, no clocks.
 */
import { clamp, worldToScreen, type Camera, type Point, type Size } from './camera'

export interface Spot {
  /** stable: `@user`, or the key of a message */
  readonly id: string
  readonly userId: string | undefined
  readonly kind: 'person' | 'talk'
  readonly at: Point
  readonly typing: boolean
}

export type Side = 'left' | 'right' | 'top' | 'bottom'

export interface Chip {
  /** the smallest id of its spots: as long as one stays, the chip is the same */
  readonly key: string
  readonly side: Side
  /** on the edge, in screen pixels: the middle of the chip's outer side */
  readonly x: number
  readonly y: number
  /** radians, from the middle of the view outwards; 0 is right, a quarter turn is down */
  readonly angle: number
  /** nearest first */
  readonly spots: readonly Spot[]
  /** to the nearest, world pixels */
  readonly distance: number
}

/** How chips lie: insets of the edge they hang on, how much of it one takes, a corner kept free. */
export interface Rim {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  /** along a left or right edge, and along a top or bottom edge */
  readonly high: number
  readonly wide: number
  /** at the lower right, where the radar lies, from the corner of the view */
  readonly corner: Size
}

/** Said so close to its author's pointer, a message needs no spot of its own. */
const BESIDE_PX = 500
/** Talk with gaps smaller than this is one conversation. */
const CONVERSATION_PX = 700
/** A spot this far inside the view, screen pixels, can be seen. */
const SEEN_PX = 12

export interface Told {
  readonly key: string
  readonly userId: string | undefined
  readonly at: Point
  readonly draft: boolean
}

/** Others' pointers, drafts and messages, as spots: one for a person, more for words left elsewhere. */
export function spotsOf(pointers: ReadonlyMap<string, Point>, told: Iterable<Told>): Spot[] {
  const people = new Map<string, Spot>()
  const person = (userId: string, at: Point, typing: boolean) =>
    people.set(userId, { id: `@${userId}`, userId, kind: 'person', at, typing })
  for (const [userId, { x, y }] of pointers) person(userId, { x, y }, false)
  const said: Told[] = []
  for (const each of told) {
    if (each.draft && each.userId !== undefined) person(each.userId, each.at, true)
    else said.push(each)
  }
  const talk = said.filter(({ userId, at }) => {
    const author = people.get(userId ?? '')
    return !author || distance(author.at, at) > BESIDE_PX
  })
  return [
    ...people.values(),
    ...talk.map(({ key, userId, at }): Spot => ({
      id: key,
      userId,
      kind: 'talk',
      at,
      typing: false,
    })),
  ]
}

export const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y)

export function isSeen(camera: Camera, view: Size, at: Point): boolean {
  const { x, y } = worldToScreen(camera, view, at)
  return x >= SEEN_PX && y >= SEEN_PX && x <= view.width - SEEN_PX && y <= view.height - SEEN_PX
}

/** How far, in lengths of the view as it is zoomed now: 1 is just beside what is shown. */
export function screensAway(camera: Camera, view: Size, at: Point): number {
  return Math.max(
    (Math.abs(at.x - camera.x) * camera.zoom) / view.width,
    (Math.abs(at.y - camera.y) * camera.zoom) / view.height,
  )
}

interface OnEdge {
  side: Side
  /** along the edge, screen pixels */
  along: number
  spot: Spot
  away: number
}

export function chipsOf(camera: Camera, view: Size, rim: Rim, spots: readonly Spot[]): Chip[] {
  const outside = spots.filter((spot) => !isSeen(camera, view, spot.at))
  const edges = new Map<Side, OnEdge[]>([
    ['left', []],
    ['right', []],
    ['top', []],
    ['bottom', []],
  ])
  for (const spot of outside) {
    const each = toEdge(camera, view, rim, spot)
    edges.get(each.side)?.push(each)
  }
  return [...edges].flatMap(([side, list]) => gather(side, list, camera, view, rim))
}

function toEdge(camera: Camera, view: Size, rim: Rim, spot: Spot): OnEdge {
  const dx = (spot.at.x - camera.x) * camera.zoom
  const dy = (spot.at.y - camera.y) * camera.zoom
  // Where the line from the middle leaves the rim; a rim is wider than nothing.
  const reachX = Math.max(1, view.width / 2 - (dx < 0 ? rim.left : rim.right))
  const reachY = Math.max(1, view.height / 2 - (dy < 0 ? rim.top : rim.bottom))
  const flat = Math.abs(dx) / reachX >= Math.abs(dy) / reachY
  const scale = flat ? reachX / Math.max(1, Math.abs(dx)) : reachY / Math.max(1, Math.abs(dy))
  const side: Side = flat ? (dx < 0 ? 'left' : 'right') : dy < 0 ? 'top' : 'bottom'
  const along = flat ? view.height / 2 + dy * scale : view.width / 2 + dx * scale
  return { side, along, spot, away: distance(camera, spot.at) }
}

/** Along one edge: neighbours that would touch become one, until none do. */
function gather(side: Side, list: OnEdge[], camera: Camera, view: Size, rim: Rim): Chip[] {
  const upright = side === 'left' || side === 'right'
  const size = upright ? rim.high : rim.wide
  // The ends are left to the other edges' chips, so that none meet in a corner.
  const min = upright ? rim.top + rim.high * 1.5 : rim.left + size / 2
  const end = upright
    ? view.height - Math.max(rim.bottom + rim.high, side === 'right' ? rim.corner.height : 0)
    : view.width - Math.max(rim.right, side === 'bottom' ? rim.corner.width : 0)
  const max = Math.max(min, end - size / 2)
  const groups: { along: number; members: OnEdge[] }[] = []
  const sorted = [...list].sort((a, b) => a.along - b.along || (a.spot.id < b.spot.id ? -1 : 1))
  for (const each of sorted) {
    let group = { along: clamp(each.along, min, max), members: [each] }
    for (let last = groups.at(-1); last && group.along - last.along < size; last = groups.at(-1)) {
      groups.pop()
      const members = [...last.members, ...group.members]
      const mean = members.reduce((sum, member) => sum + member.along, 0) / members.length
      group = { along: clamp(mean, min, max), members }
    }
    groups.push(group)
  }
  return groups.map(({ along, members }) => {
    members.sort((a, b) => a.away - b.away || (a.spot.id < b.spot.id ? -1 : 1))
    const nearest = members[0] as OnEdge
    const { at } = nearest.spot
    return {
      key: members.reduce((key, { spot }) => (spot.id < key ? spot.id : key), nearest.spot.id),
      side,
      x: side === 'left' ? rim.left : side === 'right' ? view.width - rim.right : along,
      y: side === 'top' ? rim.top : side === 'bottom' ? view.height - rim.bottom : along,
      angle: Math.atan2(at.y - camera.y, at.x - camera.x),
      spots: members.map((member) => member.spot),
      distance: nearest.away,
    }
  })
}

/** Where to look to see the first of `spots` and as many of the others as fit beside it. */
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
 * The nearest conversation that is not in view: talk first, people who only point where nobody
 * talks. All of it that hangs together, the nearest first.
 */
export function nearestConversation(camera: Camera, view: Size, spots: readonly Spot[]): Spot[] {
  const hidden = spots.filter((spot) => !isSeen(camera, view, spot.at))
  const talking = hidden.filter((spot) => spot.typing || spot.kind === 'talk')
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

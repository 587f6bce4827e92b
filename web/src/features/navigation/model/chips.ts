/*
 * Chips: labels at the edge of the view for spots outside it.
 *
 * A chip is where the line from the middle of the view to its spot crosses the edge. Chips that would overlap become one.
 * Pure: no DOM, no clocks.
 */
import { clamp, distance, isSeen, type Camera, type Size } from '../../canvas/model/camera'
import type { Spot } from './spots'

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

/** Where chips may be: insets of the edges, the size of a chip along them, and a corner that stays free. */
export interface Rim {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  /** along a left or right edge, and along a top or bottom edge */
  readonly high: number
  readonly wide: number
  /** the corner of the minimap */
  readonly cornerSide: 'left' | 'right'
  readonly corner: Size
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
  // Where the line from the middle crosses the rim, which is at least 1 px wide.
  const reachX = Math.max(1, view.width / 2 - (dx < 0 ? rim.left : rim.right))
  const reachY = Math.max(1, view.height / 2 - (dy < 0 ? rim.top : rim.bottom))
  const flat = Math.abs(dx) / reachX >= Math.abs(dy) / reachY
  const scale = flat ? reachX / Math.max(1, Math.abs(dx)) : reachY / Math.max(1, Math.abs(dy))
  const side: Side = flat ? (dx < 0 ? 'left' : 'right') : dy < 0 ? 'top' : 'bottom'
  const along = flat ? view.height / 2 + dy * scale : view.width / 2 + dx * scale
  return { side, along, spot, away: distance(camera, spot.at) }
}

/** Along one edge: neighbours that would touch become one, repeatedly. */
function gather(side: Side, list: OnEdge[], camera: Camera, view: Size, rim: Rim): Chip[] {
  const upright = side === 'left' || side === 'right'
  const size = upright ? rim.high : rim.wide
  // The ends are for chips of the other edges, so that none overlap in a corner.
  const free = (corner: 'left' | 'right') =>
    side === 'bottom' && rim.cornerSide === corner ? rim.corner.width : 0
  const min = upright ? rim.top + rim.high * 1.5 : Math.max(rim.left, free('left')) + size / 2
  const end = upright
    ? view.height - Math.max(rim.bottom + rim.high, side === rim.cornerSide ? rim.corner.height : 0)
    : view.width - Math.max(rim.right, free('right'))
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

/*
 * The layout of many messages: which are near enough to be on the page, which are moved aside, and which become one
 * cluster when zoomed out.
 *
 * Placing is incremental and stable: messages that are shown keep their place, and a new one takes the nearest free place.
 * A leader joins it to the point where it was posted. Sizes are estimated from the text, which needs no layout by the
 * browser. Pure.
 */
import { textScale, type Camera, type Point, type Size } from '../../canvas/model/camera'

/** px at text scale 1, from the point of a message to its text */
export interface Aside {
  readonly dx: number
  readonly dy: number
}

export interface Hung {
  readonly key: string
  readonly userId: string | undefined
  readonly mine: boolean
  readonly at: Point
  readonly text: string
  readonly draft: boolean
  readonly rtl: boolean
}

interface Box {
  left: number
  top: number
  right: number
  bottom: number
  author: string | undefined
}

export const AT_ITS_POINT: Aside = { dx: 0, dy: 0 }

const LETTER_PX = 11
const LINE_PX = 28
const WIDEST_PX = 420
const NAME_PX = 15
const GAP_PX = 4
/** a draft grows, so it takes at least this width */
const DRAFT_PX = 200
/** The places to try, nearest first: rows above and below, then to the sides. */
const STEPS: readonly Aside[] = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6]
  .flatMap((row) => [0, 1, -1, 2, -2, 3, -3].map((column) => ({ dx: column * 110, dy: row * 34 })))
  .sort((a, b) => Math.hypot(a.dx, a.dy * 1.4) - Math.hypot(b.dx, b.dy * 1.4))

function sizeOf({ text, draft }: Hung): Size {
  let width = draft ? DRAFT_PX : 0
  let lines = 0
  for (const line of text.split('\n')) {
    const long = line.length * LETTER_PX
    width = Math.max(width, Math.min(WIDEST_PX, long))
    lines += Math.max(1, Math.ceil(long / WIDEST_PX))
  }
  return { width, height: lines * LINE_PX }
}

/** In pixels of text at this zoom. */
function boxOf(each: Hung, aside: Aside, perWorld: number): Box {
  const { width, height } = sizeOf(each)
  const x = each.at.x * perWorld + aside.dx
  const top = each.at.y * perWorld + aside.dy - LINE_PX / 2
  const left = each.rtl ? x - width : x
  return { left, top, right: left + width, bottom: top + height, author: each.userId }
}

function meet(a: Box, b: Box): boolean {
  // Messages of one author may be close: there is no name between them.
  const gap = a.author !== undefined && a.author === b.author ? 0 : GAP_PX + NAME_PX
  return (
    a.left < b.right + GAP_PX &&
    b.left < a.right + GAP_PX &&
    a.top < b.bottom + gap &&
    b.top < a.bottom + gap
  )
}

/** `before`: the places of those that are shown already. Ours are always where we wrote them. */
export function placeAll(
  list: readonly Hung[],
  before: ReadonlyMap<string, Aside>,
  zoom: number,
): Map<string, Aside> {
  const perWorld = zoom / textScale(zoom)
  const after = new Map<string, Aside>()
  const taken: Box[] = []
  const hang = (each: Hung, aside: Aside) => {
    after.set(each.key, aside)
    taken.push(boxOf(each, aside, perWorld))
  }
  const fresh: Hung[] = []
  for (const each of list) {
    const known = each.mine ? AT_ITS_POINT : before.get(each.key)
    if (known) hang(each, known)
    else fresh.push(each)
  }
  for (const each of fresh) {
    const isFree = (aside: Aside) => {
      const box = boxOf(each, aside, perWorld)
      return !taken.some((other) => meet(box, other))
    }
    hang(each, STEPS.find(isFree) ?? AT_ITS_POINT)
  }
  return after
}

/** Zooms of one step share their places. */
export const zoomStep = (zoom: number) => Math.round(Math.log2(zoom) * 2)

export interface Window {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/**
 * The part of the plane whose messages are on the page: the view and half a view around it. It moves in steps of a quarter
 * view, so that a pan rarely changes it. Text may reach in from further out.
 */
export function windowOf(camera: Camera, view: Size): Window {
  const width = Math.max(1, view.width / camera.zoom)
  const height = Math.max(1, view.height / camera.zoom)
  const x = Math.round(camera.x / (width / 4)) * (width / 4)
  const y = Math.round(camera.y / (height / 4)) * (height / 4)
  const reach = (WIDEST_PX * textScale(camera.zoom)) / camera.zoom
  const side = Math.max(width * 0.75, width * 0.625 + reach)
  return { left: x - side, right: x + side, top: y - height * 0.75, bottom: y + height * 0.75 }
}

export const isWithin = ({ left, top, right, bottom }: Window, { x, y }: Point) =>
  x >= left && x <= right && y >= top && y <= bottom

export interface Cluster<T> {
  readonly key: string
  readonly at: Point
  readonly members: readonly T[]
}

/** At this zoom and below, messages of a crowd are clustered. */
export const GATHER_ZOOM = 0.45
const CLUSTER_PX = 170
const CLUSTER_MIN = 3

/** Clusters those in one field of the plane. Fields do not move with the view. */
export function gatherAll<T extends { readonly at: Point }>(
  list: readonly T[],
  zoom: number,
): { clusters: Cluster<T>[]; rest: T[] } {
  if (zoom > GATHER_ZOOM) return { clusters: [], rest: [...list] }
  const step = zoomStep(zoom)
  const field = CLUSTER_PX / 2 ** (step / 2)
  const fields = new Map<string, T[]>()
  for (const each of list) {
    const key = `${step}/${Math.floor(each.at.x / field)}/${Math.floor(each.at.y / field)}`
    const there = fields.get(key)
    if (there) there.push(each)
    else fields.set(key, [each])
  }
  const clusters: Cluster<T>[] = []
  const rest: T[] = []
  for (const [key, members] of fields) {
    if (members.length < CLUSTER_MIN) {
      rest.push(...members)
      continue
    }
    const sum = members.reduce((s, { at }) => ({ x: s.x + at.x, y: s.y + at.y }), { x: 0, y: 0 })
    const at = { x: sum.x / members.length, y: sum.y / members.length }
    clusters.push({ key, at, members })
  }
  return { clusters, rest }
}

/** Keeps places from one layout to the next, also of messages out of view. */
export function createPlaces() {
  let kept: { step: number; asides: Map<string, Aside> } = { step: 0, asides: new Map() }
  return (list: readonly Hung[], zoom: number, lives: (key: string) => boolean) => {
    const step = zoomStep(zoom)
    const before = kept.step === step ? kept.asides : new Map<string, Aside>()
    const asides = placeAll(list, before, zoom)
    for (const [key, aside] of before) {
      if (!asides.has(key) && lives(key)) asides.set(key, aside)
    }
    kept = { step, asides }
    return asides
  }
}

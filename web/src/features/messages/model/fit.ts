/*
 * Finds the place of one text among others. Pixels at text scale 1. Pure, but for the set of texts that it keeps.
 */
import { cheapestOffset, grow, meet, moved, type Box } from '../../canvas/model/boxes'
import { AT_ITS_POINT, LINE_PX, type Aside, type Frame, type Hung, type Place } from './place'
import { textSize, textWidth } from './text-size'

/** The most that a message moves. */
export const REACH_PX = 120
/** A draft takes at least this width, and no line becomes shorter to make room. */
export const NARROWEST_PX = 170
export const NAME_PX = 16
/** per letter of a name, which is smaller than the text */
const NAME_SCALE = 12 / 21
export const GAP = { x: 14, y: 3 }
/** a draft grows: it takes this much more if it can */
export const GROWTH_PX = 110
/** In px of moving: a message that becomes a dot, which costs more while it is new. */
const DOT_COST = { least: 20, more: 180 }

export interface Item {
  each: Hung
  place: Place
  /** its text and name; of a dot: without a meaning */
  box: Box
  /** the notice of a message that was not sent */
  notice: Box | undefined
  /** of which layout */
  round: number
}

interface Taken extends Box {
  readonly item: Item
}

/** Moving aside is mostly vertical. */
const costOf = (dx: number, dy: number) =>
  Math.hypot(dx, dy) <= REACH_PX ? Math.abs(dy) + 4 * Math.abs(dx) : undefined

/** With no room for a name in between. */
const isBelow = (lower: Box, upper: Box) =>
  lower.left < upper.right + GAP.x &&
  upper.left < lower.right + GAP.x &&
  lower.top >= upper.bottom &&
  lower.top < upper.bottom + GAP.y + NAME_PX

const isUnsent = ({ state }: Hung) => state === 'refused' || state === 'late'

const isFree = (box: Box, others: readonly Box[]) => !others.some((other) => meet(box, other))

/** `words`: the text that is placed already. */
export function createFit(frame: Frame, round: number, words: Set<Item>) {
  const pointOf = ({ at }: Hung) => ({ x: at.x * frame.scale, y: at.y * frame.scale })

  /** Without its author's name. */
  function textBox(each: Hung, { dx, dy }: Aside, widest: number): Box & { broken: boolean } {
    const { x, y } = pointOf(each)
    const { width, height, broken } = textSize(each.text, widest)
    const least = each.state === 'draft' ? NARROWEST_PX : 0
    const name = each.mine ? 0 : textWidth(each.name) * NAME_SCALE
    const wide = Math.max(width, name, least)
    const left = x + dx - (each.rtl ? wide : 0)
    const top = y + dy - LINE_PX / 2
    return { left, top, right: left + wide, bottom: top + height, broken }
  }

  /** It stays out of the way of text itself; new text stays off it. */
  function noticeBox(each: Hung, { dx, dy }: Aside): Box | undefined {
    const { x, y } = pointOf(each)
    return each.notice && moved(each.notice, x + dx, y + dy - LINE_PX / 2)
  }

  /** Right below a message of the same author there is no need for the name. */
  function hasName(each: Hung, text: Box): boolean {
    if (each.mine) return false
    for (const { each: other, box } of words) {
      if (other.userId === each.userId && isBelow(text, box)) return false
    }
    return true
  }

  function itemOf(each: Hung, aside: Aside, widest?: number): Item {
    const box = textBox(each, aside, widest ?? frame.widest)
    const named = hasName(each, box)
    const place = { dx: aside.dx, dy: aside.dy, widest, dot: false, named }
    const notice = noticeBox(each, aside)
    return { each, place, round, notice, box: named ? { ...box, top: box.top - NAME_PX } : box }
  }

  /** What the text of `each` must stay clear of: the boxes of the others, with gaps and room for the name. */
  function around(each: Hung, clearOfNotices: boolean): Taken[] {
    const full = textBox(each, AT_ITS_POINT, frame.widest)
    const reach = grow(full, REACH_PX + GROWTH_PX, REACH_PX + NAME_PX)
    const near: Taken[] = []
    for (const item of words) {
      const { notice } = item
      if (clearOfNotices && notice && meet(reach, notice)) near.push({ ...notice, item })
      if (!meet(reach, item.box)) continue
      const name = each.mine || item.each.userId === each.userId ? 0 : NAME_PX
      const box = grow(item.box, GAP.x, GAP.y)
      near.push({ ...box, bottom: box.bottom + name, item })
    }
    return near
  }

  /** Shorter lines, up to the text beside it, if they fit there. */
  function narrowed(each: Hung, aside: Aside, others: readonly Box[]): number | undefined {
    const full = textBox(each, aside, frame.widest)
    const { x } = pointOf(each)
    const start = x + aside.dx
    let room = Infinity
    for (const other of others) {
      if (other.top >= full.top + LINE_PX * 2 || other.bottom <= full.top) continue
      const to = each.rtl ? start - other.right : other.left - start
      if (to >= NARROWEST_PX) room = Math.min(room, to)
    }
    room = Math.floor(room)
    if (room >= frame.widest) return undefined
    const box = textBox(each, aside, room)
    return !box.broken && isFree(box, others) ? room : undefined
  }

  /** With lines of the usual length or shorter, at `aside`; undefined: there is no room. */
  function fitted(each: Hung, aside: Aside, others: readonly Box[]): Item | undefined {
    if (isFree(textBox(each, aside, frame.widest), others)) return itemOf(each, aside)
    const widest = narrowed(each, aside, others)
    return widest === undefined ? undefined : itemOf(each, aside, widest)
  }

  /** Older messages give way to newer ones and to drafts, but not while they are read or not sent. */
  const givesWay = ({ each: older }: Item, each: Hung) =>
    older.state === 'sent' &&
    !older.held &&
    (each.state !== 'sent' || older.timestamp <= each.timestamp)

  /** What it costs to replace a message by a dot: less, the sooner it goes. `each` was written just now. */
  function worth({ each: { timestamp, goesAt } }: Item, each: Hung): number {
    const left = Math.min(1, Math.max(0, (goesAt - each.timestamp) / (goesAt - timestamp)))
    return DOT_COST.least + (left || 1) ** 3 * DOT_COST.more
  }

  /** With room for more letters, where somebody writes. */
  function grown({ state, rtl }: Hung, box: Box): Box {
    if (state !== 'draft') return box
    const more = Math.min(GROWTH_PX, Math.max(0, frame.widest - (box.right - box.left)))
    return {
      left: box.left - (rtl ? more : 0),
      right: box.right + (rtl ? 0 : more),
      top: box.top,
      bottom: box.bottom + (more < GROWTH_PX ? LINE_PX : 0),
    }
  }

  /**
   * The place at which it moves and others have to leave as little as possible. `from`: where it is now. `roomy`: with room
   * to grow. Undefined: there is none.
   */
  function search(each: Hung, from: Aside, canEvict: boolean, roomy: boolean): Item | undefined {
    const others = around(each, true)
    const box = textBox(each, AT_ITS_POINT, frame.widest)
    const wanted = roomy ? grown(each, box) : box
    const taken = roomy
      ? others.map((other) => ({ ...other, ...grown(other.item.each, other) }))
      : others
    const cost = (dx: number, dy: number) => {
      const away = costOf(dx, dy)
      return away && away + Math.hypot(dx - from.dx, dy - from.dy) / 2
    }
    const aside = cheapestOffset(wanted, taken, cost, (dx, dy, least) => {
      let price = least
      for (const other of taken) {
        if (!meet(wanted, other, dx, dy)) continue
        if (!canEvict || !givesWay(other.item, each)) return undefined
        price += worth(other.item, each)
      }
      return price
    })
    if (!aside) return undefined
    for (const other of others) {
      if (meet(box, other, aside.dx, aside.dy)) shrink(other.item)
    }
    return itemOf(each, aside)
  }

  function shrink(item: Item) {
    words.delete(item)
    item.place = { ...AT_ITS_POINT, dot: true }
  }

  const dotOf = (each: Hung): Item => ({
    each,
    place: { ...AT_ITS_POINT, dot: true },
    box: textBox(each, AT_ITS_POINT, frame.widest),
    notice: undefined,
    round,
  })

  return {
    pointOf,
    search,
    /** A message that has no place, or none any more; `from`: where it was. */
    place(each: Hung, from: Aside, canEvict: boolean): Item {
      const others = around(each, true)
      return (
        fitted(each, from, others) ??
        fitted(each, AT_ITS_POINT, others) ??
        search(each, from, canEvict, true) ??
        search(each, from, canEvict, false) ??
        // Text that its author may still need never becomes a dot.
        (isUnsent(each) ? itemOf(each, AT_ITS_POINT) : dotOf(each))
      )
    },
    /** The same place with other text; undefined: it does not fit any more. */
    stay(each: Hung, { place: { dx, dy, widest } }: Item): Item | undefined {
      const box = textBox(each, { dx, dy }, widest ?? frame.widest)
      return isFree(box, around(each, false)) ? itemOf(each, { dx, dy }, widest) : undefined
    },
    /** At its point, whatever is there. */
    force(each: Hung, before: Place | undefined): Item {
      const others = around(each, false)
      return fitted(each, AT_ITS_POINT, others) ?? itemOf(each, AT_ITS_POINT, before?.widest)
    },
    isClear: (a: Item, b: Item) => !meet(grow(a.box, GAP.x, GAP.y), b.box),
    /** Shows the name, if the line above it is gone and there is room. */
    name(item: Item) {
      if (item.place.named || item.each.mine) return
      const { box, place } = itemOf(item.each, item.place, item.place.widest)
      for (const other of words) if (other !== item && meet(box, other.box)) return
      Object.assign(item, { box, place })
    },
  }
}

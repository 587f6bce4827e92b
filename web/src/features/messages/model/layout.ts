/*
 * The layout of messages: where each lies, so that no text covers another.
 *
 * A message lies at its point. Where that would cover other text, its lines become shorter, or it moves aside a little.
 * Where there is no room, an older message makes room: it becomes a dot with its author's initials.
 *
 * Placing is stable: a message moves only when text grows into it (docs/decisions/0025-layout.md). Sizes are estimated, in
 * pixels at text scale 1. Pure.
 */
import { leaderOf, putDots } from './asides'
import { createFit, type Item } from './fit'
import { AT_ITS_POINT, WIDEST_PX, type Frame, type Hung, type Place } from './place'

/** Dots that become text again in one layout at most. */
const OPEN_MAX = 3

/** Keeps places from one layout to the next, also of messages out of view. */
export function createLayout() {
  let items = new Map<string, Item>()
  let frame: Frame = { scale: 1, widest: WIDEST_PX }
  let round = 0

  return function layOut(
    list: readonly Hung[],
    now: Frame,
    lives: (key: string) => boolean,
  ): ReadonlyMap<string, Place> {
    const same = now.scale === frame.scale && now.widest === frame.widest
    const before = same ? items : new Map<string, Item>()
    const last = round
    frame = now
    round += 1
    items = new Map()
    /** the text that is placed; dots give way to it */
    const words = new Set<Item>()
    const fit = createFit(frame, round, words)
    const put = (item: Item) => {
      items.set(item.each.key, item)
      if (!item.place.dot) words.add(item)
    }

    const changed: [Hung, Item][] = []
    const fresh: Hung[] = []
    const dots: Item[] = []
    let caret: Hung | undefined
    for (const each of list) {
      const known = before.get(each.key)
      const item = known && { ...known, round }
      if (each.caret) caret = each
      else if (!item) fresh.push(each)
      else if (item.place.dot) dots.push({ ...item, each })
      else {
        put(item)
        // Until it is its turn, it takes what it took before.
        if (known.round !== last || !isSame(known.each, each)) changed.push([each, item])
        else item.each = each
      }
    }
    for (const item of words) fit.name(item)
    for (const [each, item] of changed) {
      words.delete(item)
      put(fit.stay(each, item) ?? fit.place(each, item.place, true))
    }
    const moved: Hung[] = []
    if (caret) {
      // Our draft stays where it is. What it grows into moves.
      const item = fit.force(caret, before.get(caret.key)?.place)
      for (const other of [...words]) {
        if (!fit.isClear(item, other) && words.delete(other)) moved.push(other.each)
      }
      put(item)
    }
    for (const each of fresh) put(fit.place(each, AT_ITS_POINT, true))
    for (const each of moved) put(fit.place(each, AT_ITS_POINT, false))
    const isGone = ({ place, each, round: seen }: Item) =>
      !place.dot && seen === last && !items.has(each.key)
    let canOpen = [...before.values()].some(isGone) ? OPEN_MAX : 0
    for (const item of dots.reverse()) {
      const opened =
        canOpen > 0 && !item.each.held
          ? fit.search(item.each, AT_ITS_POINT, false, true)
          : undefined
      if (opened) canOpen -= 1
      put(opened ?? item)
    }
    const wasDot = (item: Item) => before.get(item.each.key)?.place.dot === true
    const shut = [...items.values()].filter(({ place }) => place.dot)
    // Those that have a place keep it.
    shut.sort((a, b) => Number(wasDot(b)) - Number(wasDot(a)))
    putDots(shut, wasDot, words, fit.pointOf)
    const places = new Map<string, Place>()
    for (const [key, item] of items) {
      if (!item.place.dot)
        item.place = { ...item.place, leader: leaderOf(item, words, fit.pointOf) }
      const old = before.get(key)?.place
      if (old && isEqual(old, item.place)) item.place = old
      places.set(key, item.place)
    }
    for (const [key, item] of before) {
      if (!items.has(key) && lives(key)) items.set(key, item)
    }
    return places
  }
}

const isSame = (a: Hung, b: Hung) =>
  a.text === b.text &&
  a.name === b.name &&
  a.rtl === b.rtl &&
  a.at.x === b.at.x &&
  a.at.y === b.at.y &&
  a.state === b.state &&
  a.notice === b.notice

const isEqual = (a: Place, b: Place) =>
  a.dx === b.dx &&
  a.dy === b.dy &&
  a.widest === b.widest &&
  a.dot === b.dot &&
  a.named === b.named &&
  a.leader?.dx === b.leader?.dx &&
  a.leader?.dy === b.leader?.dy

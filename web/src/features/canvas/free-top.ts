/*
 * Where a hint may lie: on nothing that is read or pressed.
 */
import { grow, meet, moved } from './model/boxes'
import { AT_EDGES, boxesOf, boxOf, CARET, cornerOf } from './text-boxes'

const TAKEN = `${AT_EDGES}, ${CARET}, .message-body, .unsent, .invitation > p, .company, [data-testid="toast"]`

/**
 * The first of `tops` at which `hint` covers nothing, pixels from the upper edge of the plane; undefined: there is none.
 * `apart`: how far it stays away, px; `besides`: a selector of what else it must not cover.
 */
export function freeTop(
  hint: HTMLElement,
  tops: readonly number[],
  apart: number,
  besides = '',
): number | undefined {
  const corner = cornerOf()
  if (!corner) return undefined
  const own = grow(boxOf(hint, corner), apart, apart)
  const taken = boxesOf(TAKEN + besides, (each) => !hint.contains(each))
  return tops.find((top) => {
    const there = moved(own, 0, top - apart - own.top)
    return !taken.some((each) => meet(each, there))
  })
}

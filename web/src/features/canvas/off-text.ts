/*
 * Lays a line that is shown for a while, as the one with Undo, where it covers nothing that is read or pressed: where its
 * styles put it, or as near to that as possible.
 */
import { beyond, grow, meet, nearestFree } from './model/boxes'
import type { Size } from './model/camera'
import { AT_EDGES, boxesOf, boxOf, CARET, cornerOf, frameOf } from './text-boxes'

const NEVER = `${AT_EDGES}, ${CARET}, .unsent:not([data-placed="nowhere"])`
const TEXT =
  '.world p.words, .world .author, .dot, .cluster, .invitation > p, .company:not([data-no-room])'
/** It lies above the line. */
const OPENED = '.panel, [role="menu"], .palette, .names'
/** between the line and what it must not cover */
const APART_PX = 4
/** It moves no further. */
const REACH_PX = 2000

/**
 * Where there is no room for all of it, it is made shorter (`data-brief`), if it `canBeBrief`. A short one lies on messages
 * rather than nowhere, but never on a control or on what you write; else it is not shown (`data-no-room`). It stays where it
 * is while it can, unless it is to be laid `anew`.
 */
export function keepOffText(line: HTMLElement, view: Size, canBeBrief: boolean, anew: boolean) {
  const corner = cornerOf()
  if (!corner) return
  const stays =
    anew || 'noRoom' in line.dataset
      ? undefined
      : { box: boxOf(line, corner), brief: 'brief' in line.dataset, at: line.style.translate }
  const frame = frameOf(view)
  const takenBy = (selector: string) =>
    boxesOf(selector)
      .filter((box) => meet(box, frame))
      .map((box) => grow(box, APART_PX, APART_PX))
  const never = [...takenBy(NEVER), ...beyond(frame)]
  const all = [...never, ...takenBy(`${TEXT}, ${OPENED}`)]
  const tries = canBeBrief
    ? ([
        [all, false],
        [all, true],
        [never, true],
      ] as const)
    : ([
        [all, false],
        [never, false],
      ] as const)
  delete line.dataset.noRoom
  for (const [taken, brief] of tries) {
    if (stays?.brief === brief && !taken.some((box) => meet(stays.box, box)))
      return put(line, brief, stays.at)
    put(line, brief, '')
    const off = nearestFree(boxOf(line, corner), taken, REACH_PX)
    if (off) return put(line, brief, `${off.dx}px ${off.dy}px`)
  }
  line.dataset.noRoom = ''
}

function put(line: HTMLElement, brief: boolean, translate: string) {
  line.toggleAttribute('data-brief', brief)
  line.style.translate = translate
}

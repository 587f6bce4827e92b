/*
 * Rules of landmarks, as the server has them (W115), and which of their names there is room for on the plane. Pure.
 */
import { codePoints } from '../../../shared/text/graphemes'
import type { Landmark } from '@asocial/client/core/rules'

const folded = (name: string) => name.normalize('NFC').toLowerCase()

/** Whether another landmark than `except` has this name; case makes no difference. */
export const isTaken = (landmarks: readonly Landmark[], name: string, except?: string) =>
  landmarks.some((each) => each.name !== except && folded(each.name) === folded(name))

/** About what a name takes on the screen, px. */
const CHARACTER_PX = 9
const LINE_PX = 24

/** The landmarks whose names are shown at `zoom`: those that would cover an earlier one have only a mark. */
export function namedAt(landmarks: readonly Landmark[], zoom: number): Set<string> {
  const shown: { x: number; y: number; half: number }[] = []
  const named = new Set<string>()
  for (const { name, position } of landmarks) {
    const half = (codePoints(name) * CHARACTER_PX) / 2
    const [x, y] = [position.x * zoom, position.y * zoom]
    const covers = shown.some(
      (other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < LINE_PX,
    )
    if (covers) continue
    shown.push({ x, y, half })
    named.add(name)
  }
  return named
}

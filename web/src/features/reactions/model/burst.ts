/*
 * The movement of a reaction: one figure that rises from the point, and a few small ones that spread upwards around it.
 * The same number gives the same movement.
 */

export interface Drift {
  /** where it ends, px from the point at text scale 1 */
  readonly dx: number
  readonly dy: number
  /** degrees it has turned by then */
  readonly turn: number
  /** px across */
  readonly size: number
  /** ms after the reaction at which it starts, and how long it is seen */
  readonly delay: number
  readonly lasts: number
}

const FIGURE_PX = 34
const AROUND = 5
const FAN_RADIANS = 2.2

/** A pseudo-random number from 0 to 1; `salt` makes several from one seed. */
function chance(seed: number, salt: number): number {
  let mixed = Math.imul(seed ^ Math.imul(salt + 1, 0x9e3779b1), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
}

/** The figure first, then those around it. All are over `life` ms after the reaction. */
export function driftsOf(seed: number, life: number): Drift[] {
  const sway = chance(seed, 0) - 0.5
  const main: Drift = {
    dx: sway * 36,
    dy: -64 - chance(seed, 1) * 16,
    turn: sway * 24,
    size: FIGURE_PX,
    delay: 0,
    lasts: life,
  }
  const around = Array.from({ length: AROUND }, (_, i): Drift => {
    const share = (i + 0.5) / AROUND - 0.5
    const angle = -Math.PI / 2 + share * FAN_RADIANS + (chance(seed, i * 4 + 2) - 0.5) * 0.3
    const reach = 42 + chance(seed, i * 4 + 3) * 34
    const delay = 60 + chance(seed, i * 4 + 4) * 240
    return {
      dx: Math.cos(angle) * reach,
      dy: Math.sin(angle) * reach,
      turn: (chance(seed, i * 4 + 5) - 0.5) * 60,
      size: 11 + chance(seed, i * 4 + 5) * 5,
      delay,
      lasts: (life - delay) * 0.72,
    }
  })
  return [main, ...around]
}

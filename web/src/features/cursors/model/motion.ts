/*
 * Others' cursors between two updates: a critically damped spring per axis.
 *
 * It never overshoots, keeps its speed when the target moves on, and is solved exactly, so it does not depend on the
 * frame rate.
 */

export interface Mover {
  x: number
  y: number
  vx: number
  vy: number
}

/** per ms; updates come every 40 to 50 ms and should look like one movement */
const STIFFNESS = 0.03
const SETTLED = 0.05

/**
 * Moves `mover` towards (tx, ty) by `sinceMs`, in place; true while it has not arrived.
 *
 * The time of a frame can be before the moment in which the frame was asked for: `sinceMs` is then less than 0, and counts
 * as 0.
 */
export function step(mover: Mover, tx: number, ty: number, sinceMs: number): boolean {
  const dt = Math.max(0, sinceMs)
  const decay = Math.exp(-STIFFNESS * dt)
  const axis = (at: number, velocity: number, target: number): [number, number] => {
    const gap = at - target
    const push = velocity + STIFFNESS * gap
    return [target + (gap + push * dt) * decay, (velocity - STIFFNESS * push * dt) * decay]
  }
  ;[mover.x, mover.vx] = axis(mover.x, mover.vx, tx)
  ;[mover.y, mover.vy] = axis(mover.y, mover.vy, ty)
  const still =
    Math.abs(mover.x - tx) + Math.abs(mover.y - ty) < SETTLED &&
    Math.abs(mover.vx) + Math.abs(mover.vy) < SETTLED / 10
  if (still) {
    mover.x = tx
    mover.y = ty
    mover.vx = 0
    mover.vy = 0
  }
  return !still
}

/** From then on a cursor that rests fades. */
export const FADES_AFTER_MS = 5_000

/** A cursor is full for 5 s after its last move, then fades, and is hidden by 60 s. */
export function idleOpacity(idleMs: number): number {
  if (idleMs <= FADES_AFTER_MS) return 1
  if (idleMs >= 60_000) return 0
  return idleMs < 15_000
    ? 1 - 0.6 * ((idleMs - FADES_AFTER_MS) / 10_000)
    : 0.4 * (1 - (idleMs - 15_000) / 45_000)
}

/*
 * Cursors: ours, which is sent throttled, and those of others.
 *
 * Others' positions change up to 30 times a second each, so they are in a plain map that one animation loop reads
 * (cursors/Cursors.tsx). The store holds only who has a cursor, and changes when one appears or goes.
 */
import { wirePoint, type Point } from '../../canvas/model/camera'
import { FADES_AFTER_MS, type Mover } from '../model/motion'
import { createPointerSender } from '@asocial/client/core/pointer'
import type { Deps } from '../../../shared/store/deps'
import { contained, createStore } from '../../../shared/store/store'

const SHOW_AGAIN_PX = 6
export const CURSOR_GONE_MS = 60_000

export interface RemoteCursor extends Mover {
  tx: number
  ty: number
  /** local ms of the last update */
  movedAt: number
  /** not shown while its owner writes, so that it does not cover the text; until it moves */
  hidden: boolean
}

export function createCursors(deps: Deps, alone: () => boolean) {
  const store = createStore<{ readonly ids: readonly string[] }>(() => ({ ids: [] }))
  const movers = new Map<string, RemoteCursor>()
  const wakers = new Set<() => void>()
  const faders = new Set<() => void>()

  const wakeAll = () => {
    for (const wake of wakers) wake()
  }
  const publish = () => store.setState({ ids: [...movers.keys()] })
  const pointer = createPointerSender(deps, alone)

  return {
    store,
    movers,
    /** The animation loop sleeps while nothing moves; this wakes it. */
    onWake(wake: () => void) {
      const waker = contained(wake)
      wakers.add(waker)
      return () => wakers.delete(waker)
    },
    wake: wakeAll,
    /** Called while cursors that rest grow fainter. Nothing else about them changes. */
    onFade(fade: () => void) {
      const fader = contained(fade)
      faders.add(fader)
      return () => faders.delete(fader)
    },
    /** Time has passed: cursors that rest may be fainter now. */
    fade() {
      const now = deps.now()
      for (const { movedAt, hidden } of movers.values()) {
        if (hidden || now - movedAt <= FADES_AFTER_MS) continue
        for (const fade of faders) fade()
        return
      }
    },
    /** Our pointer is at this world point. */
    point: (at: Point) => pointer.point(wirePoint(at)),
    own: pointer.own,
    forgetOwn: pointer.forget,
    resend: pointer.resend,
    pace: pointer.pace,
    onCursors(list: readonly (readonly [string, number, number])[], selfId: string | undefined) {
      let appeared = false
      const now = deps.now()
      for (const [id, x, y] of list) {
        if (id === selfId) continue
        const mover = movers.get(id)
        if (!mover) {
          movers.set(id, { x, y, vx: 0, vy: 0, tx: x, ty: y, movedAt: now, hidden: false })
          appeared = true
        } else {
          if (Math.hypot(x - mover.tx, y - mover.ty) > SHOW_AGAIN_PX) mover.hidden = false
          mover.tx = x
          mover.ty = y
          mover.movedAt = now
        }
      }
      if (appeared) publish()
      wakeAll()
    },
    hide(id: string) {
      const mover = movers.get(id)
      if (mover) mover.hidden = true
      wakeAll()
    },
    remove(id: string) {
      if (movers.delete(id)) publish()
    },
    keepOnly(isHere: (id: string) => boolean) {
      for (const id of [...movers.keys()]) if (!isHere(id)) movers.delete(id)
      publish()
    },
    dropIdle() {
      const before = movers.size
      const oldest = deps.now() - CURSOR_GONE_MS
      for (const [id, mover] of movers) if (mover.movedAt < oldest) movers.delete(id)
      if (movers.size !== before) publish()
    },
  }
}

export type Cursors = ReturnType<typeof createCursors>

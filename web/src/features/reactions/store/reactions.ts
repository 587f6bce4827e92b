/*
 * Reactions on the plane: ours at once, other people's as they arrive; each is removed soon after.
 *
 * Only what the first reaction needs is here. How they look (reactions/Bursts.tsx) and the palette (reactions/Palette.tsx)
 * are fetched later.
 */
import { wirePoint, type Point } from '../../canvas/model/camera'
import type { Kind } from '@asocial/client/core/reactions'
import type { ReactionFrame } from '@asocial/client/core/frames'
import type { Deps } from '../../../shared/store/deps'
import { createStore } from '../../../shared/store/store'

export const BURST_MS = 2_500
/** where a finger touched */
const POINT_MS = 1_100
/** the oldest are removed first */
const BURSTS_MAX = 48
const OWN_MAX = 10

export interface Burst {
  readonly id: number
  readonly kind: Kind
  /** undefined: ours */
  readonly userId: string | undefined
  readonly at: Point
}

export interface ReactionsState {
  readonly bursts: readonly Burst[]
  readonly choosing: Choosing | undefined
}

/** A reaction is being chosen, from the palette. */
export interface Choosing {
  /** on the screen: what the palette lies above */
  readonly place: Point
  /** on the plane; undefined: at the caret, or in the middle of the view */
  readonly target?: Point
  /** the focus goes to the palette */
  readonly byKey?: boolean
}

export function createReactions(
  deps: Deps,
  alone: () => boolean,
  selfId: () => string | undefined,
) {
  const store = createStore<ReactionsState>(() => ({ bursts: [], choosing: undefined }))
  const { getState: get, setState: set } = store
  let last = 0

  function burst(kind: Kind, userId: string | undefined, at: Point) {
    const id = ++last
    set({ bursts: [...get().bursts, { id, kind, userId, at }].slice(-BURSTS_MAX) })
    const over = () => set({ bursts: get().bursts.filter((each) => each.id !== id) })
    setTimeout(over, kind === 'point' ? POINT_MS : BURST_MS)
  }

  return {
    store,
    react(kind: Kind, point: Point) {
      const at = wirePoint(point)
      // Our own tap is shown to others only.
      if (kind !== 'point') {
        // So few that the server drops none of them (W30).
        if (get().bursts.filter(({ userId }) => userId === undefined).length >= OWN_MAX) return
        burst(kind, undefined, at)
      }
      if (!alone()) deps.send({ type: 'reaction', kind, position: at })
    },
    onReaction({ kind, user_id, position }: ReactionFrame) {
      // A hidden tab skips them.
      if (!deps.isHidden()) burst(kind, user_id === selfId() ? undefined : user_id, position)
    },
    choose: (choosing: Choosing | undefined) => set({ choosing }),
  }
}

export type Reactions = ReturnType<typeof createReactions>

/*
 * The presence as it is shown. The reducer in @asocial/client/core/presence decides; this store asks for a snapshot when it
 * needs one (W19). Somebody who leaves and is back within GRACE_MS (a reload) is shown as if nothing happened.
 */
import { createAsking } from '@asocial/client/core/asking'
import {
  isHere,
  NOBODY,
  onPresence,
  onSync,
  withProfiles,
  type Presence,
  type PresenceStep,
} from '@asocial/client/core/presence'
import { add, forgetOne, isNews, NO_CHANGES, type Changes } from '../model/notices'
import type { PresenceFrame, User, UserSync } from '@asocial/client/core/frames'
import type { Deps } from '../../../shared/store/deps'
import { createStore } from '../../../shared/store/store'

const GRACE_MS = 1_500
const NOTICE_MS = 3_600
/** how long joins and leaves are gathered before they are shown */
const GATHER_MS = 1_200
/** after a reconnect, people who come back within this time are not announced */
const FAMILIAR_MS = 15_000

/** Who joined and left recently. One is shown at a time. */
export interface Notice extends Changes {
  readonly id: number
}

export interface PresenceState {
  readonly presence: Presence
  /** left moments ago; still shown */
  readonly departing: ReadonlyMap<string, User>
  /** profiles of people the roster does not list */
  readonly known: ReadonlyMap<string, User>
  readonly notice: Notice | undefined
  /** who cleared the channel a moment ago */
  readonly clearedBy: User | undefined
}

/** `isMuted`: users who are not announced. */
export function createPresence(deps: Deps, isMuted: (userId: string) => boolean) {
  const store = createStore<PresenceState>(() => ({
    presence: NOBODY,
    departing: new Map(),
    known: new Map(),
    notice: undefined,
    clearedBy: undefined,
  }))
  const { getState: get, setState: set } = store
  let noticeId = 0
  let changes = NO_CHANGES
  let noticeTimer: ReturnType<typeof setTimeout> | undefined
  let clearedTimer: ReturnType<typeof setTimeout> | undefined
  let familiar: { ids: ReadonlySet<string>; until: number } = { ids: new Set(), until: 0 }

  function notice(kind: keyof Changes, user: User) {
    if (isMuted(user.user_id)) return
    changes = add(changes, kind, user)
    // While one is shown the next is gathered.
    if (!get().notice) noticeTimer ??= setTimeout(announce, GATHER_MS)
  }

  function announce() {
    noticeTimer = undefined
    if (!isNews(changes)) return set({ notice: undefined })
    noticeId += 1
    // In a sealed channel a name comes after its user (W198).
    const named = (users: ReadonlyMap<string, User>) =>
      new Map([...users].map(([id, user]) => [id, profile(id) ?? user]))
    set({ notice: { id: noticeId, joined: named(changes.joined), left: named(changes.left) } })
    changes = NO_CHANGES
    noticeTimer = setTimeout(announce, NOTICE_MS)
  }

  function depart(user: User) {
    // Their messages may stay longer than they do, and must not show them on the map (W31).
    if (user.on_map === false) set({ known: new Map(get().known).set(user.user_id, user) })
    set({ departing: new Map(get().departing).set(user.user_id, user) })
    // Their joining was not announced yet, so their leaving is not either.
    const unannounced = changes.joined.has(user.user_id)
    if (unannounced) changes = forgetOne(changes, user.user_id)
    setTimeout(() => {
      if (undepart(user.user_id) && !unannounced) notice('left', user)
    }, GRACE_MS)
  }

  function undepart(userId: string): boolean {
    if (!get().departing.has(userId)) return false
    const departing = new Map(get().departing)
    departing.delete(userId)
    set({ departing })
    return true
  }

  function apply(step: PresenceStep) {
    set({ presence: step.presence })
    const { joined } = step
    if (joined && !undepart(joined.user_id)) {
      const news = deps.now() > familiar.until || !familiar.ids.has(joined.user_id)
      if (news) notice('joined', joined)
    }
    if (step.left) depart(step.left)
  }

  const profile = (userId: string): User | undefined => {
    const { presence, departing, known } = get()
    return presence.users.get(userId) ?? departing.get(userId) ?? known.get(userId)
  }

  const asking = createAsking(
    deps,
    () => get().presence.waitingFor !== undefined,
    (userId) => profile(userId) !== undefined,
  )

  return {
    store,
    profile,
    alone: () => get().presence.count <= 1,
    /** The connection is over: forgets who was here. */
    reset: () => set({ presence: NOBODY, departing: new Map(), notice: undefined }),
    isHere: (userId: string) => isHere(get().presence, userId),
    onSync(frame: UserSync, fresh: boolean) {
      const { users } = get().presence
      if (fresh) familiar = { ids: new Set(users.keys()), until: deps.now() + FAMILIAR_MS }
      const step = onSync(get().presence, frame, fresh)
      set({ departing: new Map() })
      apply(step)
      asking.synced()
    },
    onEvent(frame: PresenceFrame): PresenceStep {
      const step = onPresence(get().presence, frame)
      apply(step)
      if (step.sync) asking.sync()
      return step
    },
    onCleared(by: string) {
      set({ clearedBy: profile(by) })
      clearTimeout(clearedTimer)
      clearedTimer = setTimeout(() => set({ clearedBy: undefined }), NOTICE_MS)
    },
    onProfiles(users: readonly User[]) {
      const known = new Map(get().known)
      for (const user of users) known.set(user.user_id, user)
      set({ known, presence: withProfiles(get().presence, users) })
    },
    /** Removes them from what is announced. */
    dropNotices(userId: string) {
      changes = forgetOne(changes, userId)
      const { notice } = get()
      if (!notice) return
      const rest = forgetOne(notice, userId)
      set({ notice: isNews(rest) ? { ...rest, id: notice.id } : undefined })
    },
    meet: asking.meet,
  }
}

export type PresenceStore = ReturnType<typeof createPresence>

/** The people to show, ourselves first, then in the order in which they joined. */
export function shownPeople(state: PresenceState, selfId: string | undefined): User[] {
  const people = [...state.presence.users.values()]
  for (const user of state.departing.values()) {
    if (!state.presence.users.has(user.user_id)) people.push(user)
  }
  const rank = (user: User) => (user.user_id === selfId ? -1 : (user.joined_at ?? 0))
  return people.sort((a, b) => rank(a) - rank(b))
}

export function shownCount(state: PresenceState): number {
  let back = 0
  for (const id of state.departing.keys()) if (state.presence.users.has(id)) back += 1
  return state.presence.count + state.departing.size - back
}

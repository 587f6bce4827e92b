/*
 * Who is here, as it is shown. The truth is the reducer in people/model/presence.ts; this store asks
 * the server when the reducer wants to (W19) and adds one kindness: someone who leaves and is
 * back within GRACE_MS (a reload) is shown as if nothing happened.
 */
import { NOBODY, onPresence, onSync, type Presence, type PresenceStep } from '../model/presence'
import { add, forgetOne, isNews, NO_COMINGS, type Comings } from '../model/notices'
import type { PresenceFrame, User, UserSync } from '../../../shared/net/frames'
import type { Deps } from '../../../shared/store/deps'
import { createStore } from '../../../shared/store/store'

const GRACE_MS = 1_500
const NOTICE_MS = 3_600
/** so long comings are gathered before they are told */
const GATHER_MS = 1_200
/** after a reconnect: people who come back one by one are no news */
const FAMILIAR_MS = 15_000
const WHO_AFTER_MS = 200
const WHO_AGAIN_MS = 10_000
const WHO_MAX = 50
/** a `sync` whose answer was lost, or was older than what we heard of */
const SYNC_AGAIN_MS = 2_000

/** Who came and went of late, gathered into one; there is never a second beside it. */
export interface Notice extends Comings {
  readonly id: number
}

export interface PresenceState {
  readonly presence: Presence
  /** left moments ago; still shown */
  readonly departing: ReadonlyMap<string, User>
  /** profiles of people the roster does not list */
  readonly known: ReadonlyMap<string, User>
  readonly notice: Notice | undefined
  /** who wiped the window a moment ago */
  readonly clearedBy: User | undefined
}

/** `isMuted`: of whom nothing is told. */
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
  let comings = NO_COMINGS
  let noticeTimer: ReturnType<typeof setTimeout> | undefined
  let clearedTimer: ReturnType<typeof setTimeout> | undefined
  let syncTimer: ReturnType<typeof setTimeout> | undefined
  let whoTimer: ReturnType<typeof setTimeout> | undefined
  let familiar: { ids: ReadonlySet<string>; until: number } = { ids: new Set(), until: 0 }
  const unknown = new Set<string>()
  const askedAt = new Map<string, number>()

  function notice(kind: keyof Comings, user: User) {
    if (isMuted(user.user_id)) return
    comings = add(comings, kind, user)
    // While one is read the next is gathered.
    if (!get().notice) noticeTimer ??= setTimeout(tellComings, GATHER_MS)
  }

  function tellComings() {
    noticeTimer = undefined
    if (!isNews(comings)) return set({ notice: undefined })
    noticeId += 1
    set({ notice: { id: noticeId, ...comings } })
    comings = NO_COMINGS
    noticeTimer = setTimeout(tellComings, NOTICE_MS)
  }

  function askSync() {
    clearTimeout(syncTimer)
    // Nobody looks: it can wait until somebody does.
    if (!deps.isHidden()) deps.uplink.send({ type: 'sync' })
    syncTimer = setTimeout(() => {
      if (get().presence.waitingFor) askSync()
    }, SYNC_AGAIN_MS)
  }

  function depart(user: User) {
    // What they posted may outlive their being here, and they are still not to be found by it (W31).
    if (user.on_map === false) set({ known: new Map(get().known).set(user.user_id, user) })
    set({ departing: new Map(get().departing).set(user.user_id, user) })
    // Nobody was told that they came: nobody is told that they left.
    const untold = comings.came.has(user.user_id)
    if (untold) comings = forgetOne(comings, user.user_id)
    setTimeout(() => {
      if (undepart(user.user_id) && !untold) notice('left', user)
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
      if (news) notice('came', joined)
    }
    if (step.left) depart(step.left)
  }

  function askWho() {
    whoTimer = undefined
    // A hidden page asks nothing; whoever is still about when it is looked at is met again.
    if (deps.isHidden()) return unknown.clear()
    const user_ids = [...unknown].slice(0, WHO_MAX)
    const at = deps.now()
    for (const id of user_ids) {
      unknown.delete(id)
      askedAt.set(id, at)
    }
    if (user_ids.length > 0) deps.uplink.send({ type: 'who', user_ids })
    if (unknown.size > 0) whoTimer = setTimeout(askWho, WHO_AFTER_MS)
  }

  const profile = (userId: string): User | undefined => {
    const { presence, departing, known } = get()
    return presence.users.get(userId) ?? departing.get(userId) ?? known.get(userId)
  }

  return {
    store,
    profile,
    alone: () => get().presence.count <= 1,
    isHere: (userId: string) => {
      const { users, count, rosterLimit } = get().presence
      return users.has(userId) || count > rosterLimit
    },
    onSync(frame: UserSync, fresh: boolean) {
      const { users } = get().presence
      if (fresh) familiar = { ids: new Set(users.keys()), until: deps.now() + FAMILIAR_MS }
      const step = onSync(get().presence, frame, fresh)
      set({ departing: new Map() })
      apply(step)
      if (!step.presence.waitingFor) clearTimeout(syncTimer)
    },
    onEvent(frame: PresenceFrame): PresenceStep {
      const step = onPresence(get().presence, frame)
      apply(step)
      if (step.sync) askSync()
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
      set({ known })
    },
    /** Nothing more is told of them. */
    hush(userId: string) {
      comings = forgetOne(comings, userId)
      const { notice } = get()
      if (!notice) return
      const rest = forgetOne(notice, userId)
      set({ notice: isNews(rest) ? { ...rest, id: notice.id } : undefined })
    },
    /** Someone we saw a cursor or a draft of; unknown ones are asked for, many at a time. */
    meet(userId: string) {
      if (profile(userId)) return
      const asked = askedAt.get(userId)
      if (asked !== undefined && deps.now() - asked < WHO_AGAIN_MS) return
      unknown.add(userId)
      whoTimer ??= setTimeout(askWho, WHO_AFTER_MS)
    },
  }
}

export type PresenceStore = ReturnType<typeof createPresence>

/** The people to show, ourselves first, then in the order they came. */
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

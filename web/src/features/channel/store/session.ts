/*
 * This user's session: the channel, the state of the connection, our user id, the server's clock and limits, and the
 * chosen profile (stored in the browser). Of a sealed channel it has the link, which it stores nowhere.
 */
import { cleanName } from '../model/names'
import { UNSET_CLOCK, type Clock } from '@asocial/client/core/clock'
import { createServerClock } from '@asocial/client/core/server-clock'
import { isColor } from '../../../shared/palette'
import {
  DEFAULT_LIMITS,
  DEFAULT_TTL,
  type Limits,
  type Ttl,
  type User,
  type UserSync,
} from '@asocial/client/core/frames'
import {
  changeRules,
  NO_RULES,
  rulesOf,
  type Rules,
  type ToldRules,
} from '@asocial/client/core/rules'
import type { Link } from '@asocial/client/core/link'
import type { Deps } from '../../../shared/store/deps'
import { createGuest } from '../../identity/store/guest'
import { createStore } from '../../../shared/store/store'

export interface Refusal {
  /** of W1 or W28, or one of features/channel/refusal.ts */
  readonly code: string
  /** for the user; undefined: nothing more than that the page waits */
  readonly text: string | undefined
}

/** What the link of a sealed channel says. */
export interface SealedLink {
  readonly name: string
  /** `NAME.KEY` */
  readonly fragment: string
}

export interface SessionState {
  /** as the server knows it: of a sealed channel an id, not its name */
  readonly channel: string
  /** as people see it */
  readonly name: string
  /** of a sealed channel: the end of its link, with the key */
  readonly fragment: string | undefined
  readonly link: Link
  /** why the last connections were refused, while waiting may help */
  readonly refusal: Refusal | undefined
  /** live, but some people are out of reach just now (W29) */
  readonly degraded: boolean
  /** what an operator tells everyone (W150) */
  readonly notice: string | undefined
  readonly userId: string | undefined
  readonly clock: Clock
  readonly ttl: Ttl
  readonly limits: Limits
  readonly rules: Rules
  /** what the user chose; undefined: the server's choice */
  readonly chosenName: string | undefined
  readonly chosenColor: string | undefined
}

/** `moveLives`: called with the ms by which the server's clock was set (W85). */
export function createSession(
  channel: string,
  deps: Deps,
  moveLives: (ms: number) => void,
  sealed?: SealedLink,
) {
  const color = deps.storage.read('color')
  const store = createStore<SessionState>(() => ({
    channel,
    name: sealed?.name ?? channel,
    fragment: sealed?.fragment,
    link: { kind: 'connecting' },
    refusal: undefined,
    degraded: false,
    notice: undefined,
    userId: undefined,
    clock: UNSET_CLOCK,
    ttl: DEFAULT_TTL,
    limits: DEFAULT_LIMITS,
    rules: NO_RULES,
    chosenName: cleanName(deps.storage.read('name') ?? '') || undefined,
    chosenColor: isColor(color) ? color : undefined,
  }))
  const { getState: get, setState: set } = store
  let hasProviderToken: string | undefined
  /** in `deps.tab`: the colour that the server gave us here */
  const givenColor = `color ${channel}`
  const guest = createGuest(deps, () => {
    // This tab's token belongs to the former guest.
    deps.storage.write('token', '')
    deps.reconnect()
  })
  const clock = createServerClock(deps, (clock) => set({ clock }), moveLives)

  return {
    store,
    /** The time on the server's clock, as well as we know it. */
    serverNow: clock.now,
    clock,
    /** To join with: what the user chose, else the server's choice of this visit, which may be taken meanwhile (W122). */
    color: () => get().chosenColor ?? deps.tab.read(givenColor),
    token: () => hasProviderToken ?? (deps.storage.read('token') || guest.key()),
    setLink: (link: Link) => set(link.kind === 'live' ? { link, refusal: undefined } : { link }),
    setRefusal: (refusal: Refusal | undefined) =>
      set(get().link.kind === 'live' ? {} : { refusal }),
    setDegraded: (degraded: boolean) => set({ degraded }),
    setNotice: (notice: string | undefined) => set({ notice }),
    onSync(frame: UserSync) {
      if (frame.token !== undefined) deps.storage.write('token', frame.token)
      const own = frame.users.find((user) => user.user_id === frame.user_id)
      if (own) deps.tab.write(givenColor, own.color)
      set({
        userId: frame.user_id,
        ttl: frame.ttl,
        limits: { ...DEFAULT_LIMITS, ...frame.limits },
        rules: rulesOf(frame.rules),
      })
    },
    onRules(told: ToldRules) {
      const { rules, userId } = get()
      set({ rules: changeRules(rules, told, userId) })
    },
    /** A sign-in provider's token, used instead of the guest's (W60). */
    setProviderToken: (token: string | undefined) => void (hasProviderToken = token),
    hasProviderToken: () => hasProviderToken !== undefined,
    /** Removes this user's token, name and colour from the browser. */
    forget() {
      for (const key of ['token', 'name', 'color']) deps.storage.write(key, '')
      guest.forget()
    },
    /** Our profile was changed in another tab. */
    onOwnProfile(name: string, color: string) {
      const { chosenName, chosenColor } = get()
      if (chosenName !== undefined) set({ chosenName: name })
      if (chosenColor !== undefined) set({ chosenColor: color })
    },
    /** W31: sends it if the server has another value; `current`: what the server shows for us now. */
    sendOnMap(onMap: boolean, current: User | undefined) {
      if (!current || (current.on_map !== false) === onMap) return
      const { name, color } = current
      deps.send({ type: 'profile', name, color, on_map: onMap })
    },
    /** `current`: what the server shows for us now; a `profile` frame carries both. */
    choose(change: { name?: string; color?: string }, current: { name: string; color: string }) {
      const name = cleanName(change.name ?? '') || (get().chosenName ?? current.name)
      const color = change.color ?? get().chosenColor ?? current.color
      if (change.name !== undefined) {
        deps.storage.write('name', name)
        set({ chosenName: name })
      }
      if (change.color !== undefined) {
        deps.storage.write('color', color)
        set({ chosenColor: color })
      }
      deps.send({ type: 'profile', name, color })
    },
  }
}

export type Session = ReturnType<typeof createSession>

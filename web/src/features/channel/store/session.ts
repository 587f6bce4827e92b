/*
 * This visitor's session: the channel, the state of the link, who we are to the server, its
 * clock and limits, and the profile the visitor chose (kept in the browser).
 */
import { cleanName } from '../model/names'
import { addPong, contradicts, guess, shifted, UNSET_CLOCK, type Clock } from '../model/clock'
import { DEFAULT_TTL } from '../../messages/model/lifetime'
import { isColor } from '../../../shared/palette'
import {
  DEFAULT_LIMITS,
  NO_RULES,
  type Limits,
  type Rules,
  type Ttl,
  type User,
  type UserSync,
} from '../../../shared/net/frames'
import type { Link } from '../../../shared/net/link'
import type { Deps } from '../../../shared/store/deps'
import { createGuest } from '../../identity/store/guest'
import { createStore } from '../../../shared/store/store'

export interface Refusal {
  /** of W1 or W28, or one of features/channel/refusal.ts */
  readonly code: string
  /** for the user; undefined: nothing more than that the page waits */
  readonly text: string | undefined
}

export interface SessionState {
  readonly channel: string
  readonly link: Link
  /** why the last connections were refused, while waiting may help */
  readonly refusal: Refusal | undefined
  /** live, but some people are out of reach just now (W29) */
  readonly degraded: boolean
  readonly userId: string | undefined
  readonly clock: Clock
  readonly ttl: Ttl
  readonly limits: Limits
  readonly rules: Rules
  /** what the visitor chose; undefined: the server's choice stands */
  readonly chosenName: string | undefined
  readonly chosenColor: string | undefined
}

const DOUBT_EVERY_MS = 1_000

export function createSession(channel: string, deps: Deps) {
  const color = deps.storage.read('color')
  const store = createStore<SessionState>(() => ({
    channel,
    link: { kind: 'connecting' },
    refusal: undefined,
    degraded: false,
    userId: undefined,
    clock: UNSET_CLOCK,
    ttl: DEFAULT_TTL,
    limits: DEFAULT_LIMITS,
    rules: NO_RULES,
    chosenName: cleanName(deps.storage.read('name') ?? '') || undefined,
    chosenColor: isColor(color) ? color : undefined,
  }))
  const { getState: get, setState: set } = store
  let vouched: string | undefined
  let doubtedAt = -Infinity
  const guest = createGuest(deps, () => {
    // Of the guest that this tab was until now nothing stays.
    deps.storage.write('token', '')
    deps.uplink.reconnect()
  })

  return {
    store,
    /** The server's clock, as well as we know it. */
    serverNow: () => deps.now() + get().clock.offset,
    token: () => vouched ?? (deps.storage.read('token') || guest.key()),
    setLink: (link: Link) => set(link.kind === 'live' ? { link, refusal: undefined } : { link }),
    setRefusal: (refusal: Refusal | undefined) =>
      set(get().link.kind === 'live' ? {} : { refusal }),
    setDegraded: (degraded: boolean) => set({ degraded }),
    onSync(frame: UserSync) {
      if (frame.token !== undefined) deps.storage.write('token', frame.token)
      set({
        userId: frame.user_id,
        ttl: frame.ttl,
        limits: { ...DEFAULT_LIMITS, ...frame.limits },
        rules: frame.rules ?? NO_RULES,
        clock: guess(get().clock, frame.timestamp, deps.now()),
      })
    },
    onRules({ owner, slow_ms, read_only, private: closed }: Omit<Rules, 'rights' | 'yours'>) {
      const { rules, userId } = get()
      const yours = rules.yours || (owner !== '' && owner === userId)
      set({ rules: { ...rules, owner, slow_ms, read_only, private: closed, yours } })
    },
    /** A provider's token takes the place of the guest's (W60). */
    vouch: (token: string | undefined) => void (vouched = token),
    vouched: () => vouched !== undefined,
    /** Nothing of this visitor stays in the browser. */
    forget() {
      for (const key of ['token', 'name', 'color']) deps.storage.write(key, '')
      guest.forget()
    },
    onPong: (sent: number, timestamp: number) =>
      set({ clock: addPong(get().clock, sent, timestamp, deps.now()) }),
    onClock: (shift: number) => set({ clock: shifted(get().clock, shift) }),
    /** A frame just came that was stamped at `timestamp`. Where that cannot be, the clock is measured at once. */
    check(timestamp: number) {
      const now = deps.now()
      if (!contradicts(get().clock, timestamp, now) || now - doubtedAt < DOUBT_EVERY_MS) return
      doubtedAt = now
      deps.uplink.send({ type: 'ping', t: Math.round(now) })
    },
    /** Changed in another tab of ours: what was chosen there is chosen here. */
    onOwnProfile(name: string, color: string) {
      const { chosenName, chosenColor } = get()
      if (chosenName !== undefined) set({ chosenName: name })
      if (chosenColor !== undefined) set({ chosenColor: color })
    },
    /** W31: whenever the server knows otherwise; `current`: what it shows for us now. */
    tellOnMap(onMap: boolean, current: User | undefined) {
      if (!current || (current.on_map !== false) === onMap) return
      const { name, color } = current
      deps.uplink.send({ type: 'profile', name, color, on_map: onMap })
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
      deps.uplink.send({ type: 'profile', name, color })
    },
  }
}

export type Session = ReturnType<typeof createSession>

/*
 * How messages, strokes and drafts begin, replace each other and end: the only place that says so (W12 to W15, W65, W85, W110,
 * W112). Three states are built on it: canvas.ts of a `Channel`, messages.ts of an interface, and the page's strokes.
 *
 * `(user_id, message_id)` identifies a message (W13), and its draft. What has ended is remembered for a while, so that a
 * straggling draft or a repetition of it is known.
 *
 * No timers, no I/O: times are the server's clock, passed in. The functions change the lives that they get. An interface, which
 * compares states, calls them on a copy (`edited`).
 */

export interface Life {
  readonly key: string
  /** undefined while it is ours and the server has not named us */
  readonly userId: string | undefined
  readonly mine: boolean
  /** `draft`: it grows. `sent`: the server has accepted it. Any other: it is ours, and on its way there. */
  readonly state: string
  /** moment of sending, or of the last change of a draft */
  readonly timestamp: number
  /** when it ends */
  readonly expiresAt: number
}

export interface Lives<Each extends Life> {
  entries: Map<string, Each>
  /** keys of what was accepted or abandoned, each until nothing can follow that was sent before (W13) */
  over: Map<string, number>
  /** the owner cleared everything until then (W65) */
  cleared: number
}

/** Lives in a state that nobody changes: `edited` makes the next one. */
export interface StateOfLives<Each extends Life> {
  readonly entries: ReadonlyMap<string, Each>
  readonly over: ReadonlyMap<string, number>
  readonly cleared: number
}

export const newLives = <Each extends Life>(): Lives<Each> => ({
  ...{ entries: new Map(), over: new Map() },
  cleared: -Infinity,
})

/** W15, W110 */
const DRAFT_LIFE_MS = 10_000
const STRAGGLING_MS = 15_000

/** Of a draft that changed at `now`. Not `isOpen`: it was given up. */
export const draftAt = (now: number, isOpen: unknown) =>
  ({ state: 'draft', timestamp: now, expiresAt: isOpen ? now + DRAFT_LIFE_MS : now }) as const

/** Returns what it removed. */
export function remove<Value>(from: Map<string, Value>, isOver: (value: Value) => boolean) {
  const removed: Value[] = []
  for (const [key, value] of from) {
    if (isOver(value) && from.delete(key)) removed.push(value)
  }
  return removed
}

/**
 * A draft began, changed or was given up (`draftAt`), or the server accepted a message or a stroke, which takes the place of its
 * draft and of ours that waits. Ignored if it is a repetition, or a draft that comes after what took its place. What is past
 * its end, or was cleared, is not shown, and its draft ends. Returns what it removed, or undefined: ignored.
 */
export function begin<Each extends Life>(
  all: Lives<Each>,
  entry: Each,
  now: number,
): Each[] | undefined {
  const { entries, over, cleared } = all
  const { key, state, timestamp, expiresAt } = entry
  const isDraft = state === 'draft'
  const before = entries.get(key)
  const isKnown = before
    ? before.state === 'sent' || (isDraft && before.state !== 'draft')
    : over.has(key)
  if (isKnown) return undefined
  if (!isDraft) over.set(key, Math.max(now, expiresAt) + STRAGGLING_MS)
  if (expiresAt <= now || (!isDraft && timestamp <= cleared))
    return remove(entries, (each) => each === before)
  entries.set(key, entry)
  return []
}

/** Removes the drafts of others who left. */
export const endDrafts = <Each extends Life>(
  { entries }: Lives<Each>,
  isGone: (userId: string) => boolean,
) =>
  remove(
    entries,
    ({ state, mine, userId }) => state === 'draft' && !mine && isGone(userId as string),
  )

/** Removes what was sent until then, and what others are writing and drawing. Ours that was not accepted stays. */
export function clear<Each extends Life>(all: Lives<Each>, until: number): Each[] {
  all.cleared = Math.max(all.cleared, until)
  return remove(all.entries, ({ state, mine, timestamp }) =>
    state === 'sent' ? timestamp <= until : !mine,
  )
}

/** The server's clock was set: everything keeps the time it has left. `move`: moves what else an entry has. */
export function shift<Each extends Life>(
  all: Lives<Each>,
  ms: number,
  move: (entry: Each) => Each,
) {
  const { entries, over } = all
  all.cleared += ms
  for (const [key, until] of over) over.set(key, until + ms)
  for (const [key, entry] of entries) {
    const { timestamp, expiresAt } = entry
    entries.set(key, move({ ...entry, timestamp: timestamp + ms, expiresAt: expiresAt + ms }))
  }
}

/** When an entry leaves a client that keeps none longer. */
export const endOf = ({ expiresAt }: Life) => expiresAt

/** Removes what ended by `now`, and returns it. `goesAt`: when an entry leaves this client. */
export function cull<Each extends Life>(
  { entries, over }: Lives<Each>,
  now: number,
  goesAt: (entry: Each) => number,
): Each[] {
  remove(over, (until) => until <= now)
  return remove(entries, (entry) => goesAt(entry) <= now)
}

/** The next moment at which `cull` has something to do; Infinity: never. */
export function nextEnd<Each extends Life>(
  entries: ReadonlyMap<string, Each>,
  goesAt: (entry: Each) => number,
): number {
  let next = Infinity
  for (const entry of entries.values()) next = Math.min(next, goesAt(entry))
  return next
}

type LivesOf<State> = State extends StateOfLives<infer Each> ? Lives<Each> : never

/**
 * The state after a change. `change` returns false or undefined if it changed nothing: then it is the same one. `over`: a change
 * of drafts needs no copy of it.
 */
export function edited<State extends StateOfLives<Life>>(
  state: State,
  change: (lives: LivesOf<State>) => unknown,
  over: ReadonlyMap<string, number> = new Map(state.over),
): State {
  const copy = { ...state, entries: new Map(state.entries), over }
  const result = change(copy as unknown as LivesOf<State>)
  return result === undefined || result === false ? state : copy
}

/** Whether `cull` has something to do. */
export function isDue<Each extends Life>(
  { entries, over }: StateOfLives<Each>,
  now: number,
  goesAt: (entry: Each) => number,
): boolean {
  for (const until of over.values()) if (until <= now) return true
  return nextEnd(entries, goesAt) <= now
}

/*
 * Parts of the page that are fetched when they are first shown, so that typing does not wait for them. Until a part is
 * loaded nothing is shown in its place, or `Instead`, and nothing else waits for it.
 *
 * Not React.lazy, which hides the surroundings until a part arrives, and throws when it does not. If a part cannot be loaded
 * (no network, a restart, a new version with other files), it calls its `close`, if it has one. It is requested again in the
 * background, and the page says so meanwhile (app/Incomplete.tsx). A part that throws is removed alone. What is shown *because*
 * the server is gone must never be such a part.
 *
 * `fetchAll` loads every part once the page is idle: a tab may stay open for longer than the server has the files of its
 * version.
 */
import { Component, useEffect, useState, type ComponentType, type ReactNode } from 'react'
import { createStore } from '../store/store'
import { retried } from '../net/retry'

const SOON_MS = [300]
const AGAIN_MS = 2_000
const LONGEST_MS = 30_000

const parts: Ask[] = []

type Ask = () => Promise<unknown>

/** The parts that were needed and could not be loaded. `away`: the server could not be reached when one was last requested. */
export const missingParts = createStore<{
  readonly asks: ReadonlySet<Ask>
  readonly away: boolean
}>(() => ({ asks: new Set(), away: false }))
const { getState: missing, setState: setMissing } = missingParts
let reachable = true

/** What the page knows of the connection. Once it is back, the missing parts are requested at once. */
export function setReachable(now: boolean) {
  reachable = now
  if (now) tryAgain()
  else setMissing({ away: true })
}

export const tryAgain = () => missing().asks.forEach(request)

const request = (ask: Ask) =>
  ask().then(
    () => setMissing(({ asks }) => ({ asks: new Set([...asks].filter((it) => it !== ask)) })),
    () => setMissing({ away: !reachable }),
  )

/** Requests the part until it is loaded, at growing intervals; until then it is one of `missingParts`. */
function keepTrying(ask: Ask) {
  if (missing().asks.has(ask)) return
  setMissing(({ asks }) => ({ asks: new Set(asks).add(ask), away: !reachable }))
  const wait = (ms: number) =>
    setTimeout(async () => {
      if (missing().asks.has(ask)) await request(ask)
      if (missing().asks.has(ask)) wait(Math.min(LONGEST_MS, ms * 1.5))
    }, ms)
  wait(AGAIN_MS)
}

/** A file that `fetchAll` loads too. */
export function prefetched<T>(load: () => Promise<T>): () => Promise<T> {
  parts.push(load)
  return load
}

/** Functions that are fetched when they are first needed. `store` has them once they are there. */
export function lazyModule<T>(load: () => Promise<T>) {
  const store = createStore<{ readonly module: T | undefined }>(() => ({ module: undefined }))
  let asked: Promise<void> | undefined
  const ask = () =>
    (asked ??= retried(load, SOON_MS).then(
      (module) => store.setState({ module }),
      (error: unknown) => {
        asked = undefined
        throw error
      },
    ))
  parts.push(ask)
  return {
    store,
    get: () => store.getState().module,
    fetch: () => void ask().catch(() => keepTrying(ask)),
  }
}

/** `Instead` is shown until the part is loaded. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Instead?: ComponentType<P>,
) {
  let found: ComponentType<P> | undefined
  let asked: Promise<ComponentType<P>> | undefined

  async function ask(): Promise<ComponentType<P>> {
    try {
      found = await (asked ??= retried(load, SOON_MS))
      return found
    } catch (error) {
      asked = undefined
      throw error
    }
  }
  parts.push(ask)

  function LazyPart(props: P) {
    const [Part, setPart] = useState(() => found)
    const { close } = props as { close?(): void }
    useEffect(() => {
      if (Part) return
      let wanted = true
      let stop: (() => void) | undefined
      ask().then(
        (loaded) => wanted && setPart(() => loaded),
        () => {
          keepTrying(ask)
          if (!wanted) return
          if (close) close()
          else stop = missingParts.subscribe(() => found && setPart(() => found))
        },
      )
      return () => {
        wanted = false
        stop?.()
      }
    }, [Part, close])
    const instead = Instead ? <Instead {...props} /> : null
    if (!Part) return instead
    return (
      <Boundary instead={instead} close={close}>
        <Part {...props} />
      </Boundary>
    )
  }
  /** Loads it early, as when a pointer comes near. */
  LazyPart.fetch = () => void ask().catch(() => undefined)
  return LazyPart
}

/** One after the other. What cannot be loaded now is requested again when it is needed. */
export async function fetchAll() {
  for (const ask of parts) await ask().catch(() => undefined)
}

interface BoundaryProps {
  readonly instead: ReactNode
  readonly close: (() => void) | undefined
  readonly children: ReactNode
}

/** Contains an error in its part, which is closed, or shown again after a while. */
class Boundary extends Component<BoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false }
  private timer: ReturnType<typeof setTimeout> | undefined

  static getDerivedStateFromError() {
    return { failed: true }
  }
  override componentDidCatch() {
    const { close } = this.props
    if (close) close()
    else this.timer = setTimeout(() => this.setState({ failed: false }), AGAIN_MS)
  }
  override componentWillUnmount() {
    clearTimeout(this.timer)
  }
  override render() {
    return this.state.failed ? this.props.instead : this.props.children
  }
}

/*
 * Parts of the page that are fetched when they are first wanted, so that the first word can be
 * typed before they are here. Until a part is there it is nothing, and nothing else waits for it;
 * once here, it stays.
 *
 * Not React.lazy: that hides what is around it until a part arrives, and throws when it does not. One
 * that cannot be had just now (the network is away, the server restarts, a new version has other files) closes itself
 * if it can be closed; it is asked for again in the background, and until it is there the page says so (Incomplete.tsx).
 * A part that throws is taken out alone. What is shown *because* the server is gone must never be such a part.
 *
 * `fetchAll` gets every part ahead of need, once the page has nothing better to do: a tab that
 * stays open outlives the files of its version on the server.
 */
import { Component, useEffect, useState, type ComponentType, type ReactNode } from 'react'
import { createStore } from '../store/store'
import { retried } from '../net/retry'

const SOON_MS = [300]
const AGAIN_MS = 2_000
const LONGEST_MS = 30_000

const parts: (() => Promise<unknown>)[] = []

/** The parts that were wanted and did not come. */
export const absent = createStore<{ readonly asks: ReadonlySet<() => Promise<unknown>> }>(() => ({
  asks: new Set(),
}))

/** Asks for it until it is there, ever more rarely; until then it is `absent`. */
function pursue(ask: () => Promise<unknown>, waitMs = AGAIN_MS) {
  if (waitMs === AGAIN_MS) {
    if (absent.getState().asks.has(ask)) return
    absent.setState({ asks: new Set(absent.getState().asks).add(ask) })
  }
  setTimeout(() => {
    ask().then(
      () =>
        absent.setState(({ asks }) => ({ asks: new Set([...asks].filter((it) => it !== ask)) })),
      () => pursue(ask, Math.min(LONGEST_MS, waitMs * 1.5)),
    )
  }, waitMs)
}

/** A file for `fetchAll` alone. */
export function prefetched<T>(load: () => Promise<T>): () => Promise<T> {
  parts.push(load)
  return load
}

/** `Instead` stands in its place until it is there. */
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

  function Later(props: P) {
    const [Part, setPart] = useState(() => found)
    const { close } = props as { close?(): void }
    useEffect(() => {
      if (Part) return
      let wanted = true
      let stop: (() => void) | undefined
      ask().then(
        (loaded) => wanted && setPart(() => loaded),
        () => {
          pursue(ask)
          if (!wanted) return
          if (close) close()
          else stop = absent.subscribe(() => found && setPart(() => found))
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
  /** Ahead of need: when a hand comes near. */
  Later.fetch = () => void ask().catch(() => undefined)
  return Later
}

/** One after the other; what does not come now is asked for again when it is wanted. */
export async function fetchAll() {
  for (const ask of parts) await ask().catch(() => undefined)
}

interface BoundaryProps {
  readonly instead: ReactNode
  readonly close: (() => void) | undefined
  readonly children: ReactNode
}

/** Keeps an error within its part, which is closed, or tried again in a while. */
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

/*
 * Parts of the page that are fetched when they are first wanted, so that the first word can be
 * typed before they are here. Until a part is there it is nothing, and nothing else waits for it;
 * once here, it stays.
 *
 * Not React.lazy: that hides what is around it until a part arrives, and throws when it does not. One
 * that cannot be had just now (the network is away, the server restarts) closes itself if it can be closed,
 * and the next press tries once more; else it is asked for again while it is wanted. What is shown
 * *because* the server is gone must therefore never be such a part.
 *
 * `fetchAll` gets every part ahead of need, once the page has nothing better to do: a tab that
 * stays open outlives the files of its version on the server.
 */
import { useEffect, useState, type ComponentType } from 'react'

const AGAIN_MS = 2_000

const parts: (() => Promise<unknown>)[] = []

/** `Instead` stands in its place until it is there. */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
  Instead?: ComponentType<P>,
) {
  let found: ComponentType<P> | undefined
  let asked: Promise<ComponentType<P>> | undefined

  async function ask(): Promise<ComponentType<P>> {
    try {
      found = await (asked ??= load())
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
      let timer: ReturnType<typeof setTimeout> | undefined
      const attempt = () => {
        ask().then(
          (loaded) => wanted && setPart(() => loaded),
          () => {
            if (!wanted) return
            if (close) close()
            else timer = setTimeout(attempt, AGAIN_MS)
          },
        )
      }
      attempt()
      return () => {
        wanted = false
        clearTimeout(timer)
      }
    }, [Part, close])
    if (Part) return <Part {...props} />
    return Instead ? <Instead {...props} /> : null
  }
  /** Ahead of need: when a hand comes near. */
  Later.fetch = () => void ask().catch(() => undefined)
  return Later
}

/** One after the other; what does not come now is asked for again when it is wanted. */
export async function fetchAll() {
  for (const ask of parts) await ask().catch(() => undefined)
}

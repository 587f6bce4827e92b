/*
 * Removes messages when their life ends: one timer, set for the next end.
 */
import { cull, nextCull, type Messages } from './messages.ts'

/** `clock`: the server's. */
export function createCulling(
  clock: () => number,
  get: () => Messages,
  set: (messages: Messages) => void,
) {
  let timer: ReturnType<typeof setTimeout> | undefined

  function put(changed: Messages) {
    const now = clock()
    // Culled here too, not by the timer alone: in a flood of messages its turn may never come.
    const messages = cull(changed, now)
    if (messages !== get()) set(messages)
    clearTimeout(timer)
    const next = nextCull(messages)
    if (next !== undefined) timer = setTimeout(again, Math.max(0, next - now))
  }
  const again = () => put(get())

  return {
    put,
    /** Also called when the estimate of the server's clock changes, and when a page is shown again. */
    cull: again,
  }
}

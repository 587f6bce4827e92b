/*
 * Who follows us: those whose `follow` the server passed on within the last seconds (W32). Nothing tells when somebody stops.
 */
import type { Deps } from '../../../shared/store/deps'

/** each follower repeats `follow` every 5 s */
export const FOLLOWED_MS = 12_000

/** `changed` gets them in the order in which they began. */
export function createFollowers(deps: Deps, changed: (followers: readonly string[]) => void) {
  /** until when, the earliest first */
  const until = new Map<string, number>()
  let shown: readonly string[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  function update() {
    clearTimeout(timer)
    for (const [userId, end] of until) if (end <= deps.now()) until.delete(userId)
    const [next] = until.values()
    if (next !== undefined) timer = setTimeout(update, next - deps.now())
    const kept = shown.filter((userId) => until.has(userId))
    const added = [...until.keys()].filter((userId) => !kept.includes(userId))
    if (added.length === 0 && kept.length === shown.length) return
    shown = [...kept, ...added]
    changed(shown)
  }

  return {
    onFollowed(userId: string) {
      until.delete(userId)
      until.set(userId, deps.now() + FOLLOWED_MS)
      update()
    },
    keepOnly(isHere: (userId: string) => boolean) {
      for (const userId of until.keys()) if (!isHere(userId)) until.delete(userId)
      update()
    },
  }
}

/*
 * Who follows us: those whose `follow` the server passed on within the last seconds (W32). Nothing tells when somebody stops.
 */
import type { Deps } from '../../../shared/store/deps'
import { FOLLOWED_MS } from '@asocial/client/core/views'

/** `changed` gets them in the order in which they began. */
export function createFollowers(deps: Deps, changed: (followers: readonly string[]) => void) {
  /** until when, the earliest first */
  const until = new Map<string, number>()
  let shown: readonly string[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  function show(followers: readonly string[]) {
    if (followers.length === shown.length) return
    shown = followers
    changed(shown)
  }

  function expireLater() {
    const [next] = until.values()
    if (next !== undefined) timer ??= setTimeout(expire, next - deps.now())
  }

  function expire() {
    timer = undefined
    for (const [userId, end] of until) if (end <= deps.now()) until.delete(userId)
    show(shown.filter((userId) => until.has(userId)))
    expireLater()
  }

  return {
    onFollowed(userId: string) {
      const isNew = !until.delete(userId)
      until.set(userId, deps.now() + FOLLOWED_MS)
      if (isNew) show([...shown, userId])
      expireLater()
    },
    keepOnly(isHere: (userId: string) => boolean) {
      for (const userId of until.keys()) if (!isHere(userId)) until.delete(userId)
      show(shown.filter((userId) => until.has(userId)))
    },
  }
}

/*
 * Sends what this client shows. In a crowd always, because the server sends only what the view holds (W160); elsewhere only
 * while somebody follows this user (W32).
 */
import type { ViewMessage } from './frames.ts'
import { throttle } from './throttle.ts'
import { FOLLOWED_MS } from './views.ts'

const EVERY_MS = 120
/** The server reads no more views of a client in a crowd (W163). */
const CROWD_PER_SECOND = 4

interface Host {
  send(view: ViewMessage): boolean
  /** monotonic ms */
  now(): number
}

/** `view`: what the client shows now; undefined: nothing yet, or nothing that others may see. */
export function createViewSender(
  { send, now }: Host,
  view: () => ViewMessage | undefined,
  isCrowd: () => boolean,
) {
  let followedUntil = -Infinity
  const wanted = () => (isCrowd() || now() < followedUntil ? view() : undefined)
  const views = throttle<ViewMessage>(EVERY_MS, (latest) => void (wanted() && send(latest)), now)

  /** The view has changed, or the server may not have it: after a `user_sync`, and when a crowd begins. */
  function show() {
    const latest = wanted()
    views.pace(isCrowd() ? CROWD_PER_SECOND : Infinity)
    if (latest) views.push(latest)
  }

  return {
    show,
    /** Somebody follows this user. */
    onFollowed() {
      followedUntil = now() + FOLLOWED_MS
      show()
    },
  }
}

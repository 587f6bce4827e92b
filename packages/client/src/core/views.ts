/*
 * Views: how often they are sent (W32, W163), and how a connection says what it will show (W162).
 */
import type { ViewMessage } from './frames.ts'

/** The server reads no more views of a client in a crowd. */
export const CROWD_VIEW_EVERY_MS = 250
/** How long a `followed` counts; each follower repeats `follow` every 5 s. */
export const FOLLOWED_MS = 12_000

export const queryOfView = ({ position, width: w, height: h }: Partial<ViewMessage> = {}) => ({
  ...position,
  w,
  h,
})

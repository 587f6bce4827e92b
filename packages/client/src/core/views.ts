/*
 * Views: how long followers want them (W32), and how a connection says what it will show (W162).
 */
import type { ViewMessage } from './frames.ts'

/** How long a `followed` counts; each follower repeats `follow` every 5 s. */
export const FOLLOWED_MS = 12_000

export const queryOfView = ({ position, width: w, height: h }: Partial<ViewMessage> = {}) => ({
  ...position,
  w,
  h,
})

/*
 * Times of views (W32, W163).
 */

/** The server reads no more views of a client in a crowd. */
export const CROWD_VIEW_EVERY_MS = 250
/** How long a `followed` counts; each follower repeats `follow` every 5 s. */
export const FOLLOWED_MS = 12_000

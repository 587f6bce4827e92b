/*
 * The state of the connection to the server, as a page shows it.
 */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `until`: local ms of the next try */
  | { readonly kind: 'waiting' | 'offline'; readonly until: number }
  /** `code`: a close code (W28), or the error code of an upgrade that was refused (W1) */
  | { readonly kind: 'final'; readonly code: number | string; readonly reason: string }

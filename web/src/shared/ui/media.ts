/*
 * Media queries, also where a browser has none, gives null (a frame that is not shown) or cannot tell of changes.
 */
const find = (query: string): Partial<MediaQueryList> | null | undefined =>
  window.matchMedia?.(query)

export const CALM = '(prefers-reduced-motion: reduce)'
export const COARSE = '(pointer: coarse)'
export const DARK = '(prefers-color-scheme: dark)'

export const matches = (query: string): boolean => find(query)?.matches ?? false

/** Calls `changed` whenever it begins or ceases to match; returns how to stop that. */
export function onMedia(query: string, changed: () => void): () => void {
  const list = find(query)
  list?.addEventListener?.('change', changed)
  return () => list?.removeEventListener?.('change', changed)
}

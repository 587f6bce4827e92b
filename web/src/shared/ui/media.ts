/*
 * Media queries, also in browsers without them, without change events, or where the result is null (a hidden frame).
 */
const find = (query: string): Partial<MediaQueryList> | null | undefined =>
  window.matchMedia?.(query)

export const CALM = '(prefers-reduced-motion: reduce)'
export const COARSE = '(pointer: coarse)'
export const DARK = '(prefers-color-scheme: dark)'

export const matches = (query: string): boolean => find(query)?.matches ?? false

/** Calls `changed` whenever it starts or stops matching. Returns a function that ends it. */
export function onMedia(query: string, changed: () => void): () => void {
  const list = find(query)
  list?.addEventListener?.('change', changed)
  return () => list?.removeEventListener?.('change', changed)
}

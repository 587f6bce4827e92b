/*
 * W16: what a newcomer must see is sent again within a second of their join, and not by everyone at the same instant.
 */
const WITHIN_MS = 700

/** Returns how to have it sent again soon. */
export function createRepeat(send: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined
      send()
    }, Math.random() * WITHIN_MS)
  }
}

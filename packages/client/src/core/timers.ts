/*
 * Timers as a value, so that tests of what uses them need no waiting.
 */
export interface Timers {
  now(): number
  set(run: () => void, ms: number): unknown
  clear(handle: unknown): void
}

export const timersOf = ({ now }: { now(): number }): Timers => ({
  now,
  set: (run, ms) => setTimeout(run, ms),
  clear: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
})

/*
 * Removes what ended on the canvas (lives.ts): one timer, set for the next end.
 */

/**
 * `clock`: the server's. `cull`: removes what ended by `now`, and returns the next end. Returns how to cull now: after each
 * change, because in a flood of messages the timer's turn may never come, and when the estimate of the clock changes.
 */
export function createCulling<Changed>(
  clock: () => number,
  cull: (now: number, changed?: Changed) => number,
) {
  let timer: ReturnType<typeof setTimeout> | undefined
  return function run(changed?: Changed) {
    const now = clock()
    const next = cull(now, changed)
    clearTimeout(timer)
    if (next < Infinity) timer = setTimeout(run, Math.max(0, next - now))
  }
}

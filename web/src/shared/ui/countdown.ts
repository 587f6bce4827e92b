/*
 * A countdown in whole seconds, for texts such as "Reconnecting in 3 s".
 */
import { useEffect, useState } from 'react'

/** Whole seconds until `at` on the given clock; 0 when it is past or there is none. */
export function useCountdown(at: number | undefined, now: () => number): number {
  const [, tick] = useState(0)
  const seconds = at === undefined ? 0 : Math.max(0, Math.ceil((at - now()) / 1000))
  useEffect(() => {
    if (seconds <= 0) return
    const timer = setInterval(() => tick((n) => n + 1), 200)
    return () => clearInterval(timer)
  }, [seconds])
  return seconds
}

/*
 * How long a message lives (W12), and how much of that a reader adds on their own page.
 */
import type { Ttl } from './frames.ts'

/** How many times its life a message stays for this reader; 'stay': until it is hidden. */
export type LifeFactor = number | 'stay'

export function lifeOf(ttl: Ttl, characters: number): number {
  const extra = Math.max(0, characters - ttl.free_characters) * ttl.per_character
  return Math.min(ttl.max, ttl.base + extra)
}

/** When a message leaves this client, if it stays `factor` times its life. */
export function goesAt(timestamp: number, expiresAt: number, factor: LifeFactor): number {
  return factor === 'stay' ? Infinity : timestamp + (expiresAt - timestamp) * factor
}

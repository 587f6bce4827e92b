/*
 * A spot in a link: `/c/garden#120,-40,1` is the channel garden, seen at x 120, y -40, zoom 1.
 *
 * It stands in the hash because a browser keeps that to itself: no server, log or proxy learns
 * where on the plane somebody was invited to. Links are mangled on their way (a comma escaped, a full
 * stop caught at the end), so what can be read is read and the rest is no spot.
 */
import { clampCamera, type Camera } from './camera'

const NUMBER = String.raw`([+-]?\d+(?:\.\d+)?)`
const SPOT = new RegExp(`^#${NUMBER},${NUMBER}(?:,(\\d+(?:\\.\\d+)?))?`)

/** The camera a hash asks for; undefined: it asks for none. */
export function readSpot(hash: string): Camera | undefined {
  const found = SPOT.exec(hash.replace(/%2c/gi, ',').replace(/%20|\s/g, ''))
  if (!found) return undefined
  const [, x, y, zoom] = found
  return clampCamera({ x: Number(x), y: Number(y), zoom: Number(zoom ?? 1) })
}

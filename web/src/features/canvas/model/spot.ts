/*
 * A spot in a link: `/c/garden#120,-40,1` is the channel garden, seen at x 120, y -40, zoom 1. In the link of a sealed
 * channel it comes after the key: `/s/#NAME.KEY@120,-40,1`.
 *
 * It is in the hash, which browsers do not send: no server, log or proxy learns it. Links are changed on their way (a comma
 * is escaped, a full stop is added), so the reader is tolerant.
 */
import { clampCamera, type Camera } from './camera'

const NUMBER = String.raw`([+-]?\d+(?:\.\d+)?)`
const SPOT = new RegExp(`^#(?:[\\w.-]+@)?${NUMBER},${NUMBER}(?:,(\\d+(?:\\.\\d+)?))?`)

/** The camera of a hash; undefined: it has none. */
export function readSpot(hash: string): Camera | undefined {
  const found = SPOT.exec(
    hash
      .replace(/%2c/gi, ',')
      .replace(/%40/g, '@')
      .replace(/%20|\s/g, ''),
  )
  if (!found) return undefined
  const [, x, y, zoom] = found
  return clampCamera({ x: Number(x), y: Number(y), zoom: Number(zoom ?? 1) })
}

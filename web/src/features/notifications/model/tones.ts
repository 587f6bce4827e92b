/*
 * Notifications: which messages are new, how each sounds, and the title of the tab while the page is hidden.
 *
 * Everyone has one of five tones that sound well together. It is louder near the view, and comes from the side of the
 * message. Pure.
 */
import { clamp, screensAway, type Camera, type Point, type Size } from '../../canvas/model/camera'
import type { Entry } from '@asocial/client/core/messages'

export interface Tone {
  /** 0 to 1 */
  readonly volume: number
  /** -1 left to 1 right */
  readonly pan: number
  readonly hertz: number
  /** seconds until it begins */
  readonly after?: number
}

/** In views from the middle: up to SEEN the sound is full, from HEARD on there is none. */
const SEEN = 0.5
const HEARD = 2.5
const PAN_MOST = 0.6
/** a pentatonic scale on A */
const SCALE = [220, 261.63, 293.66, 329.63, 392] as const

const CHIME = [392, 587.33] as const
const CHIME_EVERY_S = 0.14
/** more than the loudest message */
const CHIME_VOLUME = 1.6

type Entries = ReadonlyMap<string, Entry>

/** Messages of others that were posted between the two states. Drafts do not count. */
export function newMessages(before: Entries, now: Entries): Entry[] {
  if (before === now) return []
  return [...now.values()].filter(
    ({ key, mine, state }) => !mine && state === 'sent' && before.get(key)?.state !== 'sent',
  )
}

function panOf(camera: Camera, view: Size, at: Point): number {
  const aside = ((at.x - camera.x) * camera.zoom) / (view.width / 2)
  return clamp(aside, -1, 1) * PAN_MOST
}

/** Undefined: too far away. */
export function toneOf(
  camera: Camera,
  view: Size,
  at: Point,
  userId: string | undefined,
): Tone | undefined {
  const away = screensAway(camera, view, at)
  if (away >= HEARD) return undefined
  const near = 1 - clamp((away - SEEN) / (HEARD - SEEN), 0, 1)
  let sum = 0
  for (const character of userId ?? '') sum += character.codePointAt(0) ?? 0
  return {
    volume: near * near,
    pan: panOf(camera, view, at),
    hertz: SCALE[sum % SCALE.length] ?? SCALE[0],
  }
}

/** Two rising tones, as loud from any distance: somebody mentioned this user. */
export function chimeOf(camera: Camera, view: Size, at: Point): Tone[] {
  const pan = panOf(camera, view, at)
  return CHIME.map((hertz, i) => ({ volume: CHIME_VOLUME, pan, hertz, after: i * CHIME_EVERY_S }))
}

/** Allows at most `most` calls in any `ms`, so that a crowd is not loud. Called with the time. */
export function sparing(most: number, ms: number): (now: number) => boolean {
  let lately: number[] = []
  return (now) => {
    lately = lately.filter((at) => at > now - ms)
    if (lately.length >= most) return false
    lately.push(now)
    return true
  }
}

const UNSEEN_MAX = 99

export function titleOf(channel: string, unseen: number): string {
  const title = `${channel} · Asocial`
  if (unseen === 0) return title
  return `(${unseen > UNSEEN_MAX ? `${UNSEEN_MAX}+` : unseen}) ${title}`
}

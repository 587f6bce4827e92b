/*
 * The user's settings, stored in this browser and sent to nobody: for each field a default and a check.
 *
 * Stored values may come from another version or from a user's edit: a field that is not valid falls back to its default, and
 * the others stay. Pure.
 */

import { isTheme, type Theme } from '../../../shared/palette'
import type { LifeFactor } from '@asocial/client/core/life'

export interface Settings {
  /** how many times its life a message stays here; 'stay': until it is hidden */
  readonly lifeFactor: LifeFactor
  /** others see drafts; else only what is posted */
  readonly showTyping: boolean
  /** no cursors of others are shown here */
  readonly hideCursors: boolean
  /** others see this user on their map and at the edge of their view */
  readonly onMap: boolean
  /** messages that mention this user glow and chime (W117) */
  readonly mentions: boolean
  /** of new messages nearby: 'soft' or 'off' */
  readonly sound: string
  /** a notification when somebody comes to a starred channel; only features/channel asks for the permission */
  readonly arrivals: boolean
  /** a BCP 47 tag; '': the browser's languages */
  readonly language: string
  /** light or dark; '': as the device */
  readonly theme: Theme
}

export const DEFAULTS: Settings = {
  lifeFactor: 1,
  showTyping: true,
  hideCursors: false,
  onMap: true,
  // On by default, because it is soft and browsers allow it only after a gesture.
  sound: 'soft',
  mentions: true,
  arrivals: false,
  language: '',
  theme: '',
}

export const LIFE_FACTOR_MAX = 10
const NAME_MAX = 35

const isSwitch = (value: unknown) => typeof value === 'boolean'
const isName = (value: unknown) => typeof value === 'string' && value.length <= NAME_MAX

const FITS: Record<keyof Settings, (value: unknown) => boolean> = {
  lifeFactor: (value) =>
    value === 'stay' || (typeof value === 'number' && value >= 1 && value <= LIFE_FACTOR_MAX),
  showTyping: isSwitch,
  hideCursors: isSwitch,
  onMap: isSwitch,
  sound: isName,
  mentions: isSwitch,
  arrivals: isSwitch,
  language: isName,
  theme: isTheme,
}

/** Reads the stored settings. */
export function readSettings(text: string | undefined): Settings {
  const kept = parse(text)
  if (typeof kept !== 'object' || kept === null) return DEFAULTS
  const fitting = Object.entries(FITS).filter(
    ([name, fits]) => Object.hasOwn(kept, name) && fits((kept as Record<string, unknown>)[name]),
  )
  return {
    ...DEFAULTS,
    ...Object.fromEntries(fitting.map(([name]) => [name, (kept as Record<string, unknown>)[name]])),
  }
}

/** Stores only what differs from the defaults, so that a new default reaches people who never chose. */
export function writeSettings(settings: Settings): string {
  const chosen = Object.entries(settings).filter(
    ([name, value]) => value !== DEFAULTS[name as keyof Settings],
  )
  return JSON.stringify(Object.fromEntries(chosen))
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

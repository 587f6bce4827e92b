/*
 * What a visitor likes, kept in this browser and told to nobody: a small record, each field with
 * its default and the test of what it may hold.
 *
 * What is read back was written by another version, another tab or a curious hand: whatever does
 * not fit falls back to its default, field by field, and the rest is kept. Pure.
 */

import type { LifeFactor } from '../../messages/model/lifetime'

export interface Settings {
  /** how many times its life a message stays here, or until it is put away */
  readonly lifeFactor: LifeFactor
  /** others see what is typed as it is typed; else only what is posted */
  readonly showTyping: boolean
  /** nobody's pointer is shown here */
  readonly hideCursors: boolean
  /** others find this visitor on their map and at the edge of their view */
  readonly onMap: boolean
  /** of new messages nearby: 'soft' or 'off' */
  readonly sound: string
  /** a BCP 47 tag; '': as the browser asks for */
  readonly language: string
}

export const DEFAULTS: Settings = {
  lifeFactor: 1,
  showTyping: true,
  hideCursors: false,
  onMap: true,
  // So soft, and only after a gesture, that who does not want it loses little by finding it here.
  sound: 'soft',
  language: '',
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
  language: isName,
}

/** The settings that were kept as `text`. */
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

/** Only what differs is kept: a default that is changed one day reaches who never chose. */
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

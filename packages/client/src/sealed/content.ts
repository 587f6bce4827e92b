/*
 * Checks of what others encrypted: the server cannot make them, so each client does (W199).
 */
import { isKind } from '../core/reactions.ts'
import { isVisible, NOT_IN_NAMES, NOT_IN_TEXTS, TOO_MANY_MARKS } from '../core/text.ts'
import {
  COLORS,
  LANDMARK_CHARACTERS,
  NAME_CHARACTERS,
  POSITION_LIMIT,
  STROKE_POINTS,
} from '../core/wire.ts'

export type Fields = Record<string, unknown>

/** Half of a surrogate pair is no character. */
const HALF = /\p{Surrogate}/u

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNumber = (value: unknown, limit = POSITION_LIMIT): value is number =>
  typeof value === 'number' && Math.abs(value) <= limit

/** The fields of a frame of this kind that a client may use (W193), or undefined. */
export function checked(kind: string, content: Fields, characters: number): Fields | undefined {
  const text = plainText(content.payload, characters, NOT_IN_TEXTS)
  const at = placeOf(content.position)
  switch (kind) {
    case 'chat':
      return all({ payload: text, position: at }, profileOf(content))
    case 'typing':
      return all({ payload: text, position: at })
    case 'stroke':
      return all({ points: pointsOf(content.points, 2) }, profileOf(content))
    case 'drawing':
      return all({ points: pointsOf(content.points, 1) })
    case 'cursor':
      return all({ position: at })
    case 'reaction':
      return isKind(content.kind) ? all({ kind: content.kind, position: at }) : undefined
    case 'view': {
      const { width, height } = content
      if (!isNumber(width, 2 * POSITION_LIMIT) || !isNumber(height, 2 * POSITION_LIMIT)) return
      return Math.min(width, height) > 0 ? all({ position: at, width, height }) : undefined
    }
    case 'profile':
      return profileOf(content)
    case 'landmark':
      return all({ name: plainText(content.name, LANDMARK_CHARACTERS, NOT_IN_NAMES), position: at })
    default:
      return undefined
  }
}

/** The fields, or undefined if one of them is missing. */
function all(...parts: readonly (Fields | undefined)[]): Fields | undefined {
  const fields: Fields = {}
  for (const part of parts) {
    if (part === undefined || Object.values(part).includes(undefined)) return undefined
    Object.assign(fields, part)
  }
  return fields
}

function profileOf({ name, color, on_map }: Fields): Fields | undefined {
  if (!(COLORS as readonly unknown[]).includes(color)) return undefined
  return all({
    name: plainText(name, NAME_CHARACTERS, NOT_IN_NAMES),
    color,
    on_map: on_map !== false,
  })
}

function plainText(value: unknown, characters: number, forbidden: RegExp): string | undefined {
  if (typeof value !== 'string' || !isVisible(value) || [...value].length > characters) return
  const isAllowed = ![HALF, forbidden, TOO_MANY_MARKS].some((each) => each.test(value))
  return isAllowed ? value : undefined
}

function placeOf(value: unknown): Fields | undefined {
  if (!isObject(value) || !isNumber(value.x) || !isNumber(value.y)) return undefined
  return { x: value.x, y: value.y }
}

function pointsOf(value: unknown, least: number): unknown[] | undefined {
  if (!Array.isArray(value) || value.length < least || value.length > STROKE_POINTS) return
  const fits = (value as unknown[]).every(
    (point) =>
      Array.isArray(point) && point.length === 2 && isNumber(point[0]) && isNumber(point[1]),
  )
  return fits ? (value as unknown[]) : undefined
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)
export const listOf = (value: unknown): Fields[] =>
  Array.isArray(value) ? value.filter(isObject) : []

/** The object in a text, or undefined. */
export function parse(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

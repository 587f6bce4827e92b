/*
 * The names of reactions (W30), in the order in which they are offered.
 */
import type { Reaction as ReactionFrame } from './wire.ts'

/** `point`: a finger touched here. */
export type Kind = ReactionFrame['kind']
export type Reaction = Exclude<Kind, 'point'>

export const REACTIONS = [
  'heart',
  'spark',
  'laugh',
  'wave',
  'agree',
  'question',
] as const satisfies readonly Reaction[]

export function isKind(name: unknown): name is Kind {
  return name === 'point' || REACTIONS.includes(name as Reaction)
}

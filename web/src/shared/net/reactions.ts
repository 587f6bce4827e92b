/*
 * The names of reactions in frames (W30), and their keys.
 */
export const REACTIONS = ['heart', 'spark', 'laugh', 'wave', 'agree', 'question'] as const
export type Reaction = (typeof REACTIONS)[number]
/** `point`: a finger touched here. */
export type Kind = Reaction | 'point'

export function isKind(name: unknown): name is Kind {
  return name === 'point' || REACTIONS.includes(name as Reaction)
}

/** The digits 1 to 6. */
export const reactionOf = (digit: string): Reaction | undefined =>
  /^\d$/.test(digit) ? REACTIONS[Number(digit) - 1] : undefined

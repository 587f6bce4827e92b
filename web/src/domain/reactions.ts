/*
 * Reactions: what they are called on the wire (W30), and which key is which.
 */
export const REACTIONS = ['heart', 'spark', 'laugh', 'wave', 'agree', 'question'] as const
export type Reaction = (typeof REACTIONS)[number]
/** `point`: a finger touched here. */
export type Kind = Reaction | 'point'

export function isKind(name: unknown): name is Kind {
  return name === 'point' || REACTIONS.includes(name as Reaction)
}

/** The keys 1 to 6, by their place on the keyboard too: with Alt they type other signs. */
export function reactionOf(key: string, code: string): Reaction | undefined {
  return REACTIONS[Number(/^[1-6]$/.exec(key)?.[0] ?? /^Digit([1-6])$/.exec(code)?.[1]) - 1]
}

/*
 * The digits 1 to 6 stand for the reactions.
 */
import { REACTIONS, type Reaction } from '@asocial/client/core/reactions'

export const reactionOf = (digit: string): Reaction | undefined =>
  /^\d$/.test(digit) ? REACTIONS[Number(digit) - 1] : undefined

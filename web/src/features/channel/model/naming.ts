/*
 * Names for new channels: two words that are easy to read out, and five characters that make it hard to guess. 64 x 64
 * words and 32^5 endings are 37 bits: at the server's 100 connections a minute and address, guessing one takes centuries.
 */

const LIKE = (
  'amber ashen bare blue bright calm clear clouded cool deep dewy dim drifting early evening faint ' +
  'far fleeting frosted gentle glassy golden grey hazy hidden hidden idle lamplit late light little ' +
  'long lost low lucid mellow mild milky misty moonlit morning open pale patient plain quiet rainy ' +
  'silent silver slow small snowy soft starry still sunlit thin tidal violet warm wet white windy winter'
).split(' ')

const PLACE = (
  'alley arbour attic balcony bay beach bench bridge brook cabin canal cloud coast cove creek dune ' +
  'ferry field fjord garden gate glass grove harbour hearth hill inlet island jetty lagoon lake ' +
  'lamp lane lantern meadow mist moor orchard pane path pier pond porch quay rain reef ridge river roof ' +
  'shore sill sky snow spring square stair station stream terrace tide tower valley window yard'
).split(' ')

/** Without 0 and o, 1 and l, which are easily confused. */
const ENDING = '23456789abcdefghijkmnpqrstuvwxyz'
const ENDING_CHARACTERS = 5

/** `below(n)`: chance, a whole number from 0 to n - 1. */
export function newName(below: (n: number) => number): string {
  const one = (list: ArrayLike<string>) => list[below(list.length)]
  const ending = Array.from({ length: ENDING_CHARACTERS }, () => one(ENDING)).join('')
  return `${one(LIKE)}-${one(PLACE)}-${ending}`
}

/** From random 32-bit numbers to an even chance below n (n is small: the bias is below 2^-24). */
export const fair =
  (random: () => number) =>
  (n: number): number =>
    Math.floor((random() / 2 ** 32) * n)

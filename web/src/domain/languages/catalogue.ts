/*
 * What a language must have: every word of every section. One that is missing is an error of the type
 * checker, which names it: `npx tsc -p tsconfig.json` lists what is left to translate.
 */
import type { WORDS } from '../words'
import type { COMPANY_WORDS } from '../words-company'
import type { LATER } from '../words-later'
import type { DEMO_WORDS, SHARING_WORDS } from '../words-sharing'

export interface Catalogue {
  readonly words: typeof WORDS
  readonly company: typeof COMPANY_WORDS
  readonly later: typeof LATER
  readonly sharing: typeof SHARING_WORDS
  readonly demo: typeof DEMO_WORDS
}

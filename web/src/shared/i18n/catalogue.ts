/*
 * What a language must have: every word of every section. One that is missing is an error of the type
 * checker, which names it: `npx tsc -p tsconfig.json` lists what is left to translate.
 */
import type { Sections } from './section'
import type { WORDS } from './en'
import type { COMPANY_WORDS } from './en-others'
import type { LATER } from './en-panels'
import type { DEMO_WORDS, SHARING_WORDS } from './en-sharing'

export interface Catalogue extends Sections {
  readonly words: typeof WORDS
  readonly company: typeof COMPANY_WORDS
  readonly later: typeof LATER
  readonly sharing: typeof SHARING_WORDS
  readonly demo: typeof DEMO_WORDS
}

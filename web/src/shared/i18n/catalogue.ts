/*
 * The texts that every language has. A missing one is a type error: `npx tsc -p tsconfig.json` lists what is left to
 * translate.
 */
import type { Sections } from './section'
import type { STRINGS } from './en'
import type { OTHERS_STRINGS } from './en-others'
import type { PANEL_STRINGS } from './en-panels'
import type { REFUSAL_STRINGS } from './en-refusals'
import type { SEALED_STRINGS } from './en-sealed'
import type { DEMO_STRINGS, SHARING_STRINGS } from './en-sharing'

export interface Catalogue extends Sections {
  readonly core: typeof STRINGS
  readonly others: typeof OTHERS_STRINGS
  readonly refusals: typeof REFUSAL_STRINGS
  readonly panels: typeof PANEL_STRINGS
  readonly sharing: typeof SHARING_STRINGS
  readonly sealed: typeof SEALED_STRINGS
  readonly demo: typeof DEMO_STRINGS
}

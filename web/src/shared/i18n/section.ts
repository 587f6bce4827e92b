/*
 * The page's texts, and the language they are shown in.
 *
 * English is written in sections: en.ts is part of the first load, the others are fetched later. `setCatalogue` is called
 * before anything is rendered (app/language.ts); a section that is fetched later starts in that language. This is the only
 * state in shared code besides the stores: it is set once in the life of a page.
 */
/** The shape of a section: the keys of the English texts and their parameters. */
export type Widened<T> = T extends string
  ? string
  : T extends (...args: infer Args) => string
    ? (...args: Args) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> }

/** The sections of the catalogue (catalogue.ts). */
export type Section = 'core' | 'others' | 'refusals' | 'panels' | 'sharing' | 'sealed' | 'demo'
export type Sections = Readonly<Record<Section, object>>

const sections = new Map<Section, object>()
let current: Sections | undefined

/** The texts of one section. Read them when they are shown, not when a module is loaded. */
export function section<const English extends object>(
  name: Section,
  english: English,
): Widened<English> {
  const words = copy(english)
  sections.set(name, words)
  if (current) put(words, current[name])
  return words as Widened<English>
}

export function setCatalogue(catalogue: Sections) {
  current = catalogue
  for (const [name, words] of sections) put(words, catalogue[name])
}

type Nested = Record<string, unknown>

function copy(words: object): Nested {
  return Object.fromEntries(
    Object.entries(words).map(([key, word]) => [key, isNested(word) ? copy(word) : word]),
  )
}

/** Replaces texts in place, so that code which holds a part of a section sees the new language. */
function put(words: object, spoken: object) {
  for (const [key, word] of Object.entries(spoken)) {
    const before = (words as Nested)[key]
    if (isNested(before) && isNested(word)) put(before, word)
    else (words as Nested)[key] = isNested(word) ? copy(word) : word
  }
}

function isNested(word: unknown): word is Nested {
  return typeof word === 'object' && word !== null && !Array.isArray(word)
}

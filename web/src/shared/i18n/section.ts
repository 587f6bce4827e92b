/*
 * The catalogues of words, and the language they are in.
 *
 * English is written where it is used, in sections: what the first word needs (words.ts), what comes
 * later. A section is spoken in another language from the moment that language's catalogue is heard, which is before
 * anything is rendered (src/app/language.ts); sections fetched after it are born in it. The one state of
 * this floor: it is set once in the life of a page.
 */
/** English fixes the shape: which words there are, and what they are told. */
export type Widened<T> = T extends string
  ? string
  : T extends (...told: infer Told) => string
    ? (...told: Told) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> }

/** The sections of the catalogue (catalogue.ts). */
export type Section = 'core' | 'others' | 'panels' | 'sharing' | 'demo'
export type Sections = Readonly<Record<Section, object>>

const sections = new Map<Section, object>()
let heard: Sections | undefined

/** The words of one section. Read them when they are shown, not when a module is loaded. */
export function section<const English extends object>(
  name: Section,
  english: English,
): Widened<English> {
  const words = copy(english)
  sections.set(name, words)
  if (heard) put(words, heard[name])
  return words as Widened<English>
}

export function setCatalogue(catalogue: Sections) {
  heard = catalogue
  for (const [name, words] of sections) put(words, catalogue[name])
}

type Nested = Record<string, unknown>

function copy(words: object): Nested {
  return Object.fromEntries(
    Object.entries(words).map(([key, word]) => [key, isNested(word) ? copy(word) : word]),
  )
}

/** In place, part by part: who holds a part of a section holds its words in the new language. */
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

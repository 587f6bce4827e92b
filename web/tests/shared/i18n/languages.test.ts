/* Languages: which one is chosen, plurals and numbers, and that every catalogue says everything. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { chooseLanguage, LANGUAGES, readingOf, formatter } from '../../../src/shared/i18n/language'
import { ARABIC } from '../../../src/shared/i18n/ar'
import { GERMAN } from '../../../src/shared/i18n/de'
import { SPANISH } from '../../../src/shared/i18n/es'
import { setCatalogue, section } from '../../../src/shared/i18n/section'
import { STRINGS } from '../../../src/shared/i18n/en'
import { OTHERS_STRINGS } from '../../../src/shared/i18n/en-others'
import { REFUSAL_STRINGS } from '../../../src/shared/i18n/en-refusals'
import { PANEL_STRINGS } from '../../../src/shared/i18n/en-panels'
import { SEALED_STRINGS } from '../../../src/shared/i18n/en-sealed'
import { DEMO_STRINGS, SHARING_STRINGS } from '../../../src/shared/i18n/en-sharing'

const ENGLISH = structuredCloneOf({
  core: STRINGS,
  others: OTHERS_STRINGS,
  refusals: REFUSAL_STRINGS,
  panels: PANEL_STRINGS,
  sharing: SHARING_STRINGS,
  sealed: SEALED_STRINGS,
  demo: DEMO_STRINGS,
})
afterEach(() => setCatalogue(ENGLISH))

function structuredCloneOf<T>(words: T): T {
  if (typeof words !== 'object' || words === null || Array.isArray(words)) return words
  const copies = Object.entries(words).map(([key, word]) => [key, structuredCloneOf(word)])
  return Object.fromEntries(copies) as T
}

describe('the choice', () => {
  test('a setting is above the browser, the browser above English', () => {
    expect(chooseLanguage('es', ['de-AT'])).toBe('es')
    expect(chooseLanguage('', ['de-AT', 'es'])).toBe('de')
    expect(chooseLanguage('', ['fi', 'AR_eg', 'de'])).toBe('ar')
    expect(chooseLanguage('', ['fi'])).toBe('en')
    expect(chooseLanguage('', [])).toBe('en')
  })

  test('an unknown language is ignored, also when it is the name of something else', () => {
    expect(chooseLanguage('constructor', ['toString', '', '-', 'de'])).toBe('de')
  })

  test('only Arabic is read from the right', () => {
    const read = Object.keys(LANGUAGES).map((tag) => readingOf(tag as keyof typeof LANGUAGES))
    expect(read).toEqual(['ltr', 'ltr', 'ltr', 'rtl'])
  })
})

describe('numbers', () => {
  test('plurals and digits are those of the language', () => {
    expect(formatter('en').count(1_234, { one: 'one', other: '# here' })).toBe('1,234 here')
    expect(formatter('de').count(1_234, { one: 'eins', other: '# hier' })).toBe('1.234 hier')
    const { count } = formatter('ar')
    const forms = { zero: '0', one: '1', two: '2', few: 'few', many: 'many', other: 'other' }
    expect([0, 1, 2, 3, 11, 100].map((n) => count(n, forms))).toEqual([
      ...['0', '1', '2', 'few', 'many', 'other'],
    ])
  })

  test('a fraction is rounded, with its plural', () => {
    expect(formatter('en').count(1.2, { one: '# screen', other: '# screens' })).toBe('1 screen')
    expect(OTHERS_STRINGS.away(50.3)).toBe('50 screens')
  })
})

describe('waiting and slow mode', () => {
  test('whole minutes are said as minutes, everything else as seconds', () => {
    const { duration } = formatter('en')
    expect([1, 14, 60, 90, 120, 300, 301].map((s) => duration(s))).toEqual([
      ...['1 s', '14 s', '60 s', '90 s', '2 minutes', '5 minutes', '301 s'],
    ])
    expect(STRINGS.slow(300)).toBe('Slow mode: one message every 5 minutes')
    expect(REFUSAL_STRINGS.wait(14)).toBe('Wait 14 s before sending again.')
  })

  test('in each language', () => {
    expect(GERMAN.core.slow(300)).toBe('Langsamer Modus: eine Nachricht alle 5 Minuten')
    expect(SPANISH.core.slow(300)).toBe('Modo lento: un mensaje cada 5 minutos')
    expect(ARABIC.core.slow(300)).toBe('الوضع البطيء: رسالة كل 5 دقائق')
    expect(ARABIC.core.slow(120)).toContain('دقيقتين')
  })
})

describe('sections', () => {
  test('are replaced in place when their language arrives, part by part', () => {
    const held = STRINGS.invite
    setCatalogue(GERMAN)
    expect(STRINGS.reload).toBe('Neu laden')
    expect(held.mouse).toContain('klick')
    expect(STRINGS.closed[4503]).toContain('Version')
  })

  test('that load later are in that language from the start', () => {
    setCatalogue(SPANISH)
    const born = section('panels', { settings: { title: 'Settings' } })
    expect(born.settings.title).toBe('Ajustes')
  })
})

/** These are told a list of names first. */
const TOLD_NAMES = /^others\.(joined|left|followYou)$/

/** Every word of a catalogue by its path; functions are told numbers and names, and must tell them on. */
function* wordsOf(part: object, path = ''): Generator<[string, unknown]> {
  for (const [key, word] of Object.entries(part)) {
    if (typeof word === 'object' && word !== null) yield* wordsOf(word as object, `${path}${key}.`)
    else yield [path + key, word]
  }
}

describe.each([
  ['de', GERMAN],
  ['es', SPANISH],
  ['ar', ARABIC],
])('%s', (_, catalogue) => {
  const english = new Map(wordsOf(ENGLISH))

  test('has the same texts as English, and no others', () => {
    const spoken = [...wordsOf(catalogue)].map(([path]) => path)
    expect(spoken.sort()).toEqual([...english.keys()].sort())
  })

  test('is not left in English', () => {
    // The same in both, rightly: names of colours and of keys.
    const same = [...wordsOf(catalogue)].filter(
      ([path, word]) => typeof word === 'string' && word === english.get(path),
    )
    expect(
      same
        .map(([path]) => path)
        .filter((path) => !/^(panels\.(colors|help\.named)|demo\.people)\./.test(path)),
    ).toEqual([])
  })

  test('leaves no gap where a number goes', () => {
    for (const [path, word] of wordsOf(catalogue)) {
      if (typeof word !== 'function') continue
      for (const n of [0, 1, 2, 3, 11, 100]) {
        const first = TOLD_NAMES.test(path) ? ['fox', 'owl'].slice(0, n) : n
        const said = (word as (...told: unknown[]) => string)(first, n, 'away', 'away')
        expect(said, path).not.toMatch(/#|undefined|NaN/)
        expect(said.trim(), path).not.toBe('')
      }
    }
  })
})

test('every code that the server refuses or closes with has a text', () => {
  const source = (path: string) =>
    readFileSync(new URL(`../../../../src/asocial/${path}`, import.meta.url), 'utf8')
  const codes = (text: string, pattern: RegExp) =>
    [...text.matchAll(pattern)].map((found) => found[1] ?? '')
  const frameErrors = source('domain/errors.py').split('class Refusal')[0] ?? ''
  const refused = codes(frameErrors, /^    code = "(\w+)"/gm)
  const final = codes(source('adapters/http/refusals.py'), /\b(45\d\d)\b/g)
  expect(refused.length).toBeGreaterThan(4)
  expect(final.length).toBeGreaterThan(2)
  expect(refused.filter((code) => !(code in REFUSAL_STRINGS.message))).toEqual([])
  expect(final.filter((code) => !(code in STRINGS.closed))).toEqual([])
})

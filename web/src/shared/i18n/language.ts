/*
 * The languages of the page, and which of them a user gets: the one chosen in the settings, else the first of the browser's
 * that the page has, else English. Plurals and numbers come from the browser (CLDR).
 */

/** Each by its own name. */
export const LANGUAGES = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  ar: 'العربية',
} as const

export type Language = keyof typeof LANGUAGES

export const readingOf = (language: Language): 'ltr' | 'rtl' => (language === 'ar' ? 'rtl' : 'ltr')

/** `setting`: a tag or ''; `preferred`: tags such as `de-AT`, the preferred one first. */
export function chooseLanguage(setting: string, preferred: readonly string[]): Language {
  for (const tag of [setting, ...preferred]) {
    const plain = tag.toLowerCase().split(/[-_]/)[0] ?? ''
    if (Object.keys(LANGUAGES).includes(plain)) return plain as Language
  }
  return 'en'
}

/** One form for each plural of the language; `#` is the number. */
export type PluralForms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string }

/** Numbers, plurals, lists and the time of day as `tag` has them. */
export function formatter(tag: string) {
  const rules = found(() => new Intl.PluralRules(tag))
  const numbers = found(() => new Intl.NumberFormat(tag, { maximumFractionDigits: 0 }))
  const percents = found(() => new Intl.NumberFormat(tag, { style: 'percent' }))
  const lists = found(() => new Intl.ListFormat(tag))
  const clocks = found(() => new Intl.DateTimeFormat(tag, { timeStyle: 'medium' }))
  const minutes = found(
    () => new Intl.NumberFormat(tag, { style: 'unit', unit: 'minute', unitDisplay: 'long' }),
  )
  const number = (n: number) => numbers?.format(n) ?? `${Math.round(n)}`
  return {
    number,
    percent: (part: number) => percents?.format(part) ?? `${Math.round(part * 100)}%`,
    all: (names: readonly string[]) => lists?.format(names) ?? names.join(', '),
    /** Whole minutes from two on, else seconds. */
    duration: (seconds: number) =>
      minutes && seconds >= 120 && seconds % 60 === 0
        ? minutes.format(seconds / 60)
        : `${number(seconds)} s`,
    clock: (ms: number) => clocks?.format(ms) ?? new Date(ms).toTimeString().slice(0, 8),
    count(n: number, forms: PluralForms) {
      const whole = Math.round(n)
      const rule = rules?.select(whole) ?? (whole === 1 ? 'one' : 'other')
      return (forms[rule] ?? forms.other).replace('#', number(whole))
    },
  }
}

/** Undefined where the browser does not have it. */
function found<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

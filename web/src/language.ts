/*
 * The language of this visit, decided and fetched before anything is rendered: English is in the page itself,
 * the others are a file each. One that does not come soon is not waited for; then it is English.
 */
import { chooseLanguage, readingOf, type Language } from './domain/language'
import type { Catalogue } from './domain/languages/catalogue'
import { readSettings } from './domain/settings'
import { hear } from './domain/speech'
import { browserKeep } from './state/deps'
import { retried } from './ui/retry'

const FETCH_WITHIN_MS = 3_000

const CATALOGUES: Record<Exclude<Language, 'en'>, () => Promise<Catalogue>> = {
  de: () => import('./domain/languages/de').then((m) => m.GERMAN),
  es: () => import('./domain/languages/es').then((m) => m.SPANISH),
  ar: () => import('./domain/languages/ar').then((m) => m.ARABIC),
}

const kept = () => readSettings(browserKeep().read('settings')).language

export const languageFor = (setting = kept()) =>
  chooseLanguage(setting, navigator.languages ?? [navigator.language ?? ''])

/** Calls `then` once the page may be rendered; for English at once. */
export function speak(language: Language, then: () => void) {
  if (language === 'en') return then()
  const tooLate = new Promise<never>((_, reject) => setTimeout(reject, FETCH_WITHIN_MS))
  void Promise.race([retried(CATALOGUES[language]), tooLate])
    .then((catalogue) => {
      hear(catalogue)
      const { documentElement: page } = document
      page.lang = language
      page.dir = readingOf(language)
    })
    .catch(() => undefined)
    .then(then)
}

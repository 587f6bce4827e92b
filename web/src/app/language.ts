/*
 * The language of this visit, chosen and fetched before anything is rendered. English is part of the first load, each
 * other language is a file. If that file takes too long, the page is in English.
 */
import { chooseLanguage, readingOf, type Language } from '../shared/i18n/language'
import type { Catalogue } from '../shared/i18n/catalogue'
import { readSettings } from '../features/settings/model/settings'
import { setCatalogue } from '../shared/i18n/section'
import { browserStorage } from '../shared/store/deps'
import { retried } from '../shared/net/retry'

const FETCH_WITHIN_MS = 3_000

const CATALOGUES: Record<Exclude<Language, 'en'>, () => Promise<Catalogue>> = {
  de: () => import('../shared/i18n/de').then((m) => m.GERMAN),
  es: () => import('../shared/i18n/es').then((m) => m.SPANISH),
  ar: () => import('../shared/i18n/ar').then((m) => m.ARABIC),
}

const kept = () => readSettings(browserStorage().read('settings')).language

export const languageFor = (setting = kept()) =>
  chooseLanguage(setting, navigator.languages ?? [navigator.language ?? ''])

/** Calls `then` once the page may be rendered; for English at once. */
export function loadLanguage(language: Language, then: () => void) {
  if (language === 'en') return then()
  const tooLate = new Promise<never>((_, reject) => setTimeout(reject, FETCH_WITHIN_MS))
  void Promise.race([retried(CATALOGUES[language]), tooLate])
    .then((catalogue) => {
      setCatalogue(catalogue)
      const { documentElement: page } = document
      page.lang = language
      page.dir = readingOf(language)
    })
    .catch(() => undefined)
    .then(then)
}

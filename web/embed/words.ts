/*
 * The few texts of the embed script, in the languages of the page.
 */

export interface Words {
  readonly talk: string
  readonly stop: string
  readonly write: string
  readonly hint: string
  readonly here: (count: number) => string
  readonly notSent: string
  readonly away: string
  readonly refused: string
  readonly clear: string
  readonly remove: (name: string) => string
}

const en: Words = {
  talk: 'Talk on this page',
  stop: 'Stop talking',
  write: 'Click anywhere and type. Enter posts, Escape ends.',
  hint: 'Type here',
  here: (count) => `${count} here`,
  notSent: 'Not sent. Try again.',
  away: 'Connecting again…',
  refused: 'You cannot join the conversation on this page.',
  clear: 'Remove all messages',
  remove: (name) => `Remove ${name}`,
}

const de: Words = {
  talk: 'Auf dieser Seite reden',
  stop: 'Nicht mehr reden',
  write: 'Klicke irgendwohin und schreibe. Enter sendet, Escape beendet.',
  hint: 'Hier schreiben',
  here: (count) => `${count} hier`,
  notSent: 'Nicht gesendet. Versuche es noch einmal.',
  away: 'Verbindung wird wiederhergestellt …',
  refused: 'Du kannst an dem Gespräch auf dieser Seite nicht teilnehmen.',
  clear: 'Alle Nachrichten entfernen',
  remove: (name) => `${name} entfernen`,
}

const es: Words = {
  talk: 'Hablar en esta página',
  stop: 'Dejar de hablar',
  write: 'Haz clic en cualquier lugar y escribe. Intro envía, Escape termina.',
  hint: 'Escribe aquí',
  here: (count) => `${count} aquí`,
  notSent: 'No se envió. Inténtalo de nuevo.',
  away: 'Conectando de nuevo…',
  refused: 'No puedes unirte a la conversación de esta página.',
  clear: 'Quitar todos los mensajes',
  remove: (name) => `Expulsar a ${name}`,
}

const ar: Words = {
  talk: 'تحدّث على هذه الصفحة',
  stop: 'أوقف التحدّث',
  write: 'انقر في أي مكان واكتب. Enter يرسل وEscape ينهي.',
  hint: 'اكتب هنا',
  here: (count) => `${count} هنا`,
  notSent: 'لم تُرسل. حاول مرة أخرى.',
  away: 'يُعاد الاتصال…',
  refused: 'لا يمكنك الانضمام إلى الحديث على هذه الصفحة.',
  clear: 'أزل كل الرسائل',
  remove: (name) => `أخرج ${name}`,
}

const ALL: Readonly<Record<string, Words>> = { en, de, es, ar }

/** The first of `tags`, such as `de-AT`, that is known; else English. */
export function wordsFor(tags: readonly string[]): { words: Words; language: string } {
  for (const tag of tags) {
    const [language = ''] = tag.toLowerCase().split('-')
    const words = Object.hasOwn(ALL, language) ? ALL[language] : undefined
    if (words) return { words, language }
  }
  return { words: en, language: 'en' }
}

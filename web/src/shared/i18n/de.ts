/*
 * German. Du, kurz, ruhig.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'
import { GERMAN_OTHERS } from './de-others'
import { GERMAN_CLOSED, GERMAN_REFUSALS } from './de-refusals'
import { GERMAN_PANELS } from './de-panels'
import { GERMAN_SEALED } from './de-sealed'
import { GERMAN_SHARING } from './de-sharing'

const { number, percent, count, duration } = formatter('de')

export const GERMAN: Catalogue = {
  core: {
    number,
    percent,

    invite: { mouse: 'klick irgendwohin und sag etwas', touch: 'tipp irgendwohin und sag etwas' },
    alone: 'noch ist niemand hier: teile den Link, um andere einzuladen',

    plane:
      'Die Fläche. Buchstaben beginnen zu schreiben, Pfeiltasten bewegen die Ansicht, Enter geht zu den Nachrichten, Steuerung und K zeigt alle Befehle, F1 alle Tasten.',
    writing:
      'Hier schreiben. Enter sendet, Umschalt und Enter beginnt eine neue Zeile, Escape verwirft den Text.',
    log: 'Nachrichten',
    messageBy: (who, text) => `${who}: ${text}`,
    heard: (who, where, text) => (where === '' ? `${who}: ${text}` : `${who}, ${where}: ${text}`),
    where: {
      aboveLeft: 'oben links',
      above: 'oben',
      aboveRight: 'oben rechts',
      left: 'links',
      right: 'rechts',
      belowLeft: 'unten links',
      below: 'unten',
      belowRight: 'unten rechts',
    },
    far: (where) => `weit ${where}`,
    help: 'Tasten und Hilfe (F1)',
    room: (n) => `noch ${number(n)}`,
    cut: (n) =>
      count(n, { one: '# Zeichen passte nicht mehr', other: '# Zeichen passten nicht mehr' }),

    share: 'Teilen',
    shareKey: 'Diesen Kanal teilen',
    channel: 'Kanal',
    channelsKey: 'Andere Kanäle',

    tools: 'Mehr',
    settings: 'Einstellungen',
    history: 'Nachrichten der letzten Minuten',

    people: (n) => count(n, { one: 'Nur du', other: '# hier' }),
    who: 'Wer hier ist',
    you: 'du',
    readOnly: 'Nur wer den Kanal besitzt, kann gerade schreiben',
    mayRead: 'Du kannst hier lesen, aber nicht schreiben',
    slow: (seconds) => `Langsamer Modus: eine Nachricht alle ${duration(seconds)}`,

    zoomIn: 'Vergrößern',
    zoomOut: 'Verkleinern',
    home: 'Zur Mitte (Pos1)',

    someone: 'jemand',
    bot: (name: string) => `${name} · Bot`,

    connecting: 'Verbindet',
    live: 'Verbunden',
    reconnecting: (seconds) =>
      seconds > 0 ? `Neuer Versuch in ${number(seconds)} s` : 'Verbindet neu …',
    offline: 'Kein Netz',
    degraded: 'Einige Leute sind gerade nicht erreichbar.',
    degradedMeans:
      'Alle, die du siehst, bekommen deine Nachrichten. Die anderen kommen von selbst zurück.',
    now: 'Jetzt versuchen',
    closed: GERMAN_CLOSED,
    closedOther: 'Der Server hat die Verbindung beendet.',
    again: 'Noch einmal versuchen',
    reload: 'Neu laden',
    incomplete: 'Ein Teil dieser Seite fehlt. Vielleicht gibt es eine neue Version.',
    incompleteAway: 'Ein Teil dieser Seite fehlt: Es gibt keine Verbindung.',

    refusedOther: (message) => `Nicht gesendet: ${message}`,
    late: 'Nicht gesendet.',
    sendAgain: 'Senden',
    discard: 'Verwerfen',
    discarded: 'Entwurf verworfen',
    hidden: 'Nachricht ausgeblendet',
    pending: 'wird gesendet',
  },
  others: GERMAN_OTHERS,
  refusals: GERMAN_REFUSALS,
  panels: GERMAN_PANELS,
  ...GERMAN_SHARING,
  sealed: GERMAN_SEALED,
}

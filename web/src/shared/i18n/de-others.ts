/*
 * German: texts that are needed only while other people are present.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'

const { number, count, all } = formatter('de')

export const GERMAN_OTHERS: Catalogue['others'] = {
  more: (n) => `und ${number(n)} weitere`,
  yourName: 'Dein Name',
  yourColor: 'Deine Farbe',
  close: 'Schließen',
  away: (screens) =>
    screens < 1.5
      ? 'nah'
      : count(screens, { one: '# Bildschirm weit', other: '# Bildschirme weit' }),
  persons: (n) => count(n, { one: '1 Person', other: '# Personen' }),
  outside: 'Außerhalb der Ansicht',
  goTo: (who, typing, away) => `Zu ${who}, ${away}${typing ? ', schreibt' : ''}`,
  goToMany: (who, more, typing, away) =>
    `Zu ${who}, ${away}, und ${number(more)} weiteren${typing ? ', schreibt' : ''}`,
  cluster: (n) => `${number(n)} Nachrichten hier. Zum Lesen vergrößern`,
  nearest: 'Zum nächsten Gespräch (Ende)',
  missed: {
    alone: 'Sonst ist niemand hier.',
    none: 'Außerhalb deiner Ansicht wurde niemand gefunden.',
  },
  minimap:
    'Karte von Leuten und Nachrichten. Ziehen oder Pfeiltasten bewegen die Ansicht. Enter geht zum nächsten Gespräch.',
  goToPerson: (name) => `Zu ${name}`,
  follow: 'Folgen',
  followPerson: (name) => `${name} folgen`,
  following: (name) => `Du folgst ${name}`,
  followYou: (named, n) =>
    n === 1
      ? `${named[0]} folgt dir`
      : n > named.length
        ? `${number(n)} Leute folgen dir`
        : `${all(named)} folgen dir`,
  stop: 'Aufhören',
  stopFollowing: 'Nicht mehr folgen (Escape, oder die Ansicht bewegen)',
  joined: (named, n) =>
    n === 1
      ? `${named[0]} ist da`
      : n > named.length
        ? `${number(n)} Leute sind gekommen`
        : `${all(named)} sind da`,
  left: (named, n) =>
    n > named.length
      ? `${number(n)} Leute sind gegangen`
      : n === 1
        ? `${named[0]} ist gegangen`
        : `${all(named)} sind gegangen`,
  cleared: (name) => `${name} hat alle Nachrichten gelöscht`,
  strokes: {
    pen: 'Stift: mit dem Finger zeichnen',
    penOn: 'Stift weglegen',
    log: 'Linien, die Leute zeichnen',
    drew: (who, where) =>
      where === ''
        ? `${who} hat eine Linie gezeichnet`
        : `${who} hat eine Linie gezeichnet, ${where}`,
  },
  names: 'Wen du erwähnen kannst',
  namesFound: (n) =>
    count(n, {
      one: '# Name. Tab übernimmt ihn',
      other: '# Namen. Mit den Pfeiltasten wählen, Tab übernimmt',
    }),
}

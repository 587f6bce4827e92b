/*
 * German. Du, kurz, ruhig.
 */
import { speaking } from '../language'
import type { Catalogue } from './catalogue'
import { GERMAN_SHARING } from './de-sharing'

const { number, percent, count, all, clock } = speaking('de')

export const GERMAN: Catalogue = {
  words: {
    number,
    percent,

    invite: { mouse: 'klick irgendwohin und sag etwas', touch: 'tipp irgendwohin und sag etwas' },
    alone: 'noch ist niemand hier: der Link ist die Einladung',

    plane:
      'Die Fläche. Schrägstrich zum Schreiben, Pfeile zum Umsehen, Enter geht durch das Gesagte, Fragezeichen zeigt alle Tasten.',
    writing:
      'Hier schreiben. Enter sendet, Umschalt und Enter bricht die Zeile um, Escape verwirft.',
    log: 'Was gerade gesagt wird',
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
    help: 'Tasten und Hilfe (?)',
    room: (n) => `noch ${number(n)}`,
    cut: (n) =>
      count(n, { one: '# Zeichen passte nicht mehr', other: '# Zeichen passten nicht mehr' }),

    share: 'Teilen',
    channel: 'Kanal',

    settings: 'Einstellungen (,)',
    said: 'Was in den letzten Minuten gesagt wurde (")',

    people: (n) => count(n, { one: 'Nur du', other: '# hier' }),
    who: 'Wer hier ist',
    more: (n) => `und ${number(n)} weitere`,
    you: 'du',
    yourName: 'Dein Name',
    yourColor: 'Deine Farbe',
    close: 'Schließen',
    came: (named, n) =>
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

    zoomIn: 'Näher heran',
    zoomOut: 'Weiter weg',
    home: 'Zur Mitte (Pos1)',

    away: (screens) =>
      screens < 1.5
        ? 'nah'
        : count(screens, { one: '# Bildschirm weit', other: '# Bildschirme weit' }),
    outside: 'Außerhalb der Sicht',
    someone: 'jemand',
    goTo: (who, typing, away) => `Zu ${who}${typing ? ', schreibt' : ''}, ${away}`,
    goToMany: (who, more, typing, away) =>
      `Zu ${who} und ${number(more)} weiteren${typing ? ', schreibt' : ''}, ${away}`,
    cluster: (n) => `${number(n)} Nachrichten hier. Hinunter zu ihnen`,
    nearest: 'Zum nächsten Gespräch (Ende)',
    radar:
      'Karte von Leuten und Gesprächen. Ziehen sieht sich um, Pfeile bewegen, Enter geht zum nächsten Gespräch.',
    goToPerson: (name) => `Zu ${name}`,
    follow: 'Folgen',
    followPerson: (name) => `${name} folgen`,
    following: (name) => `Du folgst ${name}`,
    stop: 'Aufhören',
    stopFollowing: 'Nicht mehr folgen (Escape, oder die Sicht bewegen)',

    connecting: 'Verbindet',
    live: 'Verbunden',
    reconnecting: (seconds) =>
      seconds > 0 ? `Neuer Versuch in ${number(seconds)} s` : 'Verbindet neu',
    offline: 'Kein Netz',
    degraded: 'Einige Leute sind gerade nicht zu erreichen.',
    degradedMeans: 'Wen du siehst, hört dich. Die anderen kommen von selbst zurück.',
    now: 'jetzt',
    final: {
      4501: 'Der Server hat die Verbindung beendet: Er hat diese Seite nicht verstanden.',
      4503: 'Diese Seite hat eine andere Version als der Server.',
      4504: 'Das ist in zu vielen Tabs offen. Schließ einen.',
      4510: 'Deine Anmeldung gilt hier nicht.',
      4511: 'Deine Anmeldung ist abgelaufen.',
      4512: 'Du wurdest aus diesem Kanal entfernt.',
    },
    finalOther: 'Der Server hat die Verbindung beendet.',
    again: 'Noch einmal',
    reload: 'Neu laden',

    refused: {
      bad_frame: 'Der Server hat es nicht verstanden.',
      rate_limited: 'Zu schnell für die anderen.',
      payload_too_large: 'Zu lang zum Senden.',
      payload_empty: 'Da steht nichts.',
      position_invalid: 'Zu weit draußen.',
      unavailable: 'Der Server konnte es gerade nicht annehmen.',
    },
    refusedOther: (message) => `Nicht gesendet: ${message}`,
    late: 'Nicht rechtzeitig gesendet.',
    sendAgain: 'Senden',
    sendIn: (seconds) => `Senden in ${number(seconds)} s`,
    letGo: 'Loslassen',
    pending: 'unterwegs',
  },
  later: {
    opens: (host) => `Öffnet ${host}`,
    react: 'Reagieren (1 bis 6)',
    reactions: 'Reaktionen',
    reaction: {
      heart: 'Herz',
      spark: 'Funke',
      laugh: 'Lachen',
      wave: 'Winken',
      agree: 'Zustimmung',
      question: 'Frage',
    },
    message: {
      outlived: 'für die anderen weg',
      putAway: 'Weglegen',
      putAwayKey: 'Weglegen (Entf)',
      mute: 'Stummschalten',
      muteKey: 'Nichts mehr von ihnen sehen (m)',
      mutePerson: (name) => `${name} stummschalten`,
    },
    said: {
      title: 'Was gesagt wurde',
      search: 'Durchsuchen, was gesagt wurde',
      time: clock,
      nothing: 'In den letzten fünf Minuten wurde nichts gesagt.',
      notFound: 'So etwas wurde in den letzten fünf Minuten nicht gesagt.',
      found: (n) => count(n, { one: '# Nachricht', other: '# Nachrichten' }),
      more: (n) => count(n, { one: '# frühere', other: '# frühere' }),
      kept: 'Die letzten fünf Minuten, nur in diesem Tab.',
    },
    muted: {
      title: 'Stummgeschaltet',
      unmute: 'Wieder hören',
      unmutePerson: (name) => `${name} wieder hören`,
      why: 'Sie erfahren es nicht.',
    },
    colors: {
      rust: 'Rost',
      coral: 'Koralle',
      amber: 'Bernstein',
      ochre: 'Ocker',
      olive: 'Olive',
      moss: 'Moos',
      fern: 'Farn',
      jade: 'Jade',
      teal: 'Petrol',
      lagoon: 'Lagune',
      azure: 'Azur',
      cobalt: 'Kobalt',
      indigo: 'Indigo',
      violet: 'Violett',
      plum: 'Pflaume',
      rose: 'Rose',
    },
    help: {
      title: 'Tasten',
      byHand:
        'Klicken oder tippen, um dort zu schreiben. Ziehen, scrollen oder wischen sieht sich um, mit zwei Fingern zoomen. Buchstaben schreiben, wo du auch bist.',
      writing: 'Schreiben',
      looking: 'Sich umsehen',
      reading: 'Was gesagt wird',
      opening: 'Alles andere',
      named: {
        Enter: 'Enter',
        Shift: 'Umschalt',
        Ctrl: 'Strg',
        Esc: 'Esc',
        Home: 'Pos1',
        End: 'Ende',
        Delete: 'Entf',
        Tab: 'Tab',
      },
      does: {
        open: 'in der Mitte der Sicht schreiben',
        place: 'den Cursor versetzen, solange nichts dasteht',
        send: 'sagen und darunter weiterschreiben',
        breakLine: 'die Zeile umbrechen',
        drop: 'verwerfen, was dasteht',
        pan: 'die Sicht bewegen; mit Umschalt weiter',
        zoom: 'näher, weiter weg, wie zuvor',
        nearest: 'zum nächsten Gespräch',
        home: 'zur Mitte',
        enter: 'zur nächsten Nachricht',
        walk: 'zur nächsten in dieser Richtung',
        reply: 'darunter schreiben',
        follow: 'folgen, wer es gesagt hat',
        mute: 'stummschalten, wer es gesagt hat',
        putAway: 'weglegen',
        leave: 'zurück zur Fläche',
        people: 'wer hier ist',
        share: 'diesen Kanal teilen',
        channels: 'andere Kanäle',
        said: 'was in den letzten Minuten gesagt wurde',
        settings: 'Einstellungen',
        help: 'dieses Blatt',
        react: 'dort reagieren, wo der Zeiger ist',
        tab: 'durch Nachrichten und Knöpfe',
      },
    },
    settings: {
      title: 'Einstellungen',
      close: 'Fertig',
      mine: 'Nur in diesem Browser.',
      reading: 'Lesen',
      lifeFactor: 'Nachrichten bleiben',
      times: (n) => count(n, { one: 'wie für alle', other: '#-mal so lang' }),
      stay: 'bis du sie weglegst',
      lifeFactorWhy: 'Nur für dich. Für die anderen gehen sie, wann sie gehen.',
      quiet: 'Ruhe und Schutz',
      showTyping: 'Andere sehen dich tippen',
      showTypingWhy: 'Aus: Sie sehen nur, was du gesagt hast.',
      hideCursors: 'Alle Zeiger ausblenden',
      hideCursorsWhy: 'Deinen sehen die anderen weiterhin.',
      sound: 'Ton für Nachrichten in der Nähe',
      soundWhy: 'Ein Hauch, leiser, je weiter weg.',
      soft: 'leise',
      off: 'aus',
      onMap: 'Andere finden dich auf der Karte',
      onMapWhy: 'Aus: weder auf ihrer Karte noch am Rand ihrer Sicht.',
      speech: 'Worte dieser Seite',
      language: 'Sprache',
      asBrowser: 'wie der Browser',
    },
  },
  ...GERMAN_SHARING,
}

/*
 * German. Du, kurz, ruhig.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'
import { GERMAN_OTHERS } from './de-others'
import { GERMAN_REFUSALS } from './de-refusals'
import { GERMAN_SHARING } from './de-sharing'

const { number, percent, count, all, clock } = formatter('de')

export const GERMAN: Catalogue = {
  core: {
    number,
    percent,

    invite: { mouse: 'klick irgendwohin und sag etwas', touch: 'tipp irgendwohin und sag etwas' },
    alone: 'noch ist niemand hier: teile den Link, um andere einzuladen',

    plane:
      'Die Fläche. Schrägstrich beginnt zu schreiben, Pfeiltasten bewegen die Ansicht, Enter geht zu den Nachrichten, 1 bis 6 reagieren, Fragezeichen zeigt alle Tasten.',
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
    help: 'Tasten und Hilfe (?)',
    room: (n) => `noch ${number(n)}`,
    cut: (n) =>
      count(n, { one: '# Zeichen passte nicht mehr', other: '# Zeichen passten nicht mehr' }),

    share: 'Teilen',
    shareKey: 'Diesen Kanal teilen (;)',
    channel: 'Kanal',
    channelsKey: 'Andere Kanäle (:)',

    tools: 'Mehr',
    settings: 'Einstellungen (,)',
    history: 'Nachrichten der letzten Minuten (")',

    people: (n) => count(n, { one: 'Nur du', other: '# hier' }),
    who: 'Wer hier ist',
    you: 'du',
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
    cleared: (name) => `${name} hat alle Nachrichten gelöscht`,
    readOnly: 'Gerade kann hier nur schreiben, wem der Kanal gehört',
    mayRead: 'Du kannst hier lesen, aber nicht schreiben',
    slow: (seconds) => `Langsamer Modus: eine Nachricht alle ${number(seconds)} s`,

    zoomIn: 'Vergrößern',
    zoomOut: 'Verkleinern',
    home: 'Zur Mitte (Pos1)',

    someone: 'jemand',

    connecting: 'Verbindet',
    live: 'Verbunden',
    reconnecting: (seconds) =>
      seconds > 0 ? `Neuer Versuch in ${number(seconds)} s` : 'Verbindet neu',
    offline: 'Kein Netz',
    degraded: 'Einige Leute sind gerade nicht erreichbar.',
    degradedMeans:
      'Wen du siehst, bekommt deine Nachrichten. Die anderen kommen von selbst zurück.',
    now: 'jetzt',
    ...GERMAN_REFUSALS,
    finalOther: 'Der Server hat die Verbindung beendet.',
    again: 'Noch einmal versuchen',
    reload: 'Neu laden',
    incomplete: 'Ein Teil dieser Seite fehlt. Vielleicht gibt es eine neue Version.',

    refused: {
      bad_frame: 'Der Server hat diese Nachricht nicht verstanden.',
      rate_limited: 'Du sendest zu schnell.',
      payload_too_large: 'Die Nachricht ist zu lang.',
      payload_empty: 'Die Nachricht ist leer.',
      position_invalid: 'Zu weit von der Mitte der Fläche.',
      unavailable: 'Der Server konnte es gerade nicht annehmen.',
      read_only: 'Gerade kann hier nur schreiben, wem der Kanal gehört.',
      token_invalid: 'Deine Anmeldung ließ sich nicht erneuern.',
      not_owner: 'Das kann nur, wem der Kanal gehört.',
    },
    refusedOther: (message) => `Nicht gesendet: ${message}`,
    late: 'Nicht rechtzeitig gesendet.',
    sendAgain: 'Senden',
    sendIn: (seconds) => `Senden in ${number(seconds)} s`,
    letGo: 'Verwerfen',
    pending: 'wird gesendet',
  },
  others: GERMAN_OTHERS,
  panels: {
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
      outlived: 'für alle anderen weg',
      putAway: 'Ausblenden',
      putAwayKey: 'Ausblenden (Entf)',
      mute: 'Stummschalten',
      muteKey: 'Alles von dieser Person ausblenden (m)',
      mutePerson: (name) => `${name} stummschalten`,
    },
    history: {
      title: 'Letzte Nachrichten',
      search: 'Letzte Nachrichten durchsuchen',
      time: clock,
      nothing: 'Keine Nachrichten in den letzten fünf Minuten.',
      notFound: 'Keine Nachricht der letzten fünf Minuten passt dazu.',
      found: (n) => count(n, { one: '# Nachricht', other: '# Nachrichten' }),
      more: (n) => count(n, { one: '# frühere', other: '# frühere' }),
      kept: 'Nur die letzten fünf Minuten, nur in diesem Tab.',
    },
    muted: {
      title: 'Stummgeschaltet',
      unmute: 'Nicht mehr stummschalten',
      unmutePerson: (name) => `${name} nicht mehr stummschalten`,
      why: 'Sie sehen nicht, dass du sie stummgeschaltet hast.',
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
        'Klick oder tipp, um dort zu schreiben. Ziehen, Scrollen oder Wischen bewegt die Ansicht, mit zwei Fingern zoomst du. Ein Buchstabe beginnt eine Nachricht.',
      writing: 'Schreiben',
      looking: 'Bewegen',
      reading: 'Nachrichten',
      opening: 'Fenster und mehr',
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
        open: 'in der Mitte der Ansicht schreiben',
        place: 'den Cursor bewegen, solange nichts geschrieben ist',
        send: 'senden und darunter weiterschreiben',
        breakLine: 'neue Zeile',
        drop: 'den Text verwerfen',
        pan: 'die Ansicht bewegen; mit Umschalt weiter',
        zoom: 'vergrößern, verkleinern, zurücksetzen',
        nearest: 'zum nächsten Gespräch',
        home: 'zur Mitte',
        enter: 'zur nächsten Nachricht',
        walk: 'zur nächsten in dieser Richtung',
        reply: 'darunter schreiben',
        follow: 'der Person folgen',
        mute: 'die Person stummschalten',
        putAway: 'ausblenden',
        leave: 'zurück zur Fläche',
        people: 'wer hier ist',
        share: 'diesen Kanal teilen',
        channels: 'andere Kanäle',
        history: 'Nachrichten der letzten Minuten',
        settings: 'Einstellungen',
        help: 'diese Liste',
        react: 'am Zeiger reagieren',
        tab: 'durch Nachrichten und Knöpfe',
      },
    },
    settings: {
      title: 'Einstellungen',
      close: 'Fertig',
      mine: 'In diesem Browser gespeichert.',
      reading: 'Lesen',
      lifeFactor: 'Nachrichten bleiben',
      times: (n) => count(n, { one: 'wie für alle', other: '#-mal so lang' }),
      stay: 'bis du sie ausblendest',
      lifeFactorWhy: 'Nur für dich. Für alle anderen verblassen sie wie immer.',
      quiet: 'Ruhe und Privatsphäre',
      showTyping: 'Andere sehen dich tippen',
      showTypingWhy: 'Aus: Sie sehen nur, was du gesendet hast.',
      hideCursors: 'Alle Zeiger ausblenden',
      hideCursorsWhy: 'Deinen sehen die anderen weiterhin.',
      sound: 'Ton für Nachrichten in der Nähe',
      soundWhy: 'Ein leiser Ton, leiser, je weiter weg die Nachricht ist.',
      soft: 'leise',
      off: 'aus',
      onMap: 'Andere finden dich auf der Karte',
      onMapWhy: 'Aus: Du bist weder auf ihrer Karte noch am Rand ihrer Ansicht.',
      thisPage: 'Diese Seite',
      language: 'Sprache',
      asBrowser: 'wie der Browser',
    },
    signIn: {
      title: 'Anmelden',
      why: 'In diesen Kanal kommst du nur angemeldet.',
      google: 'Weiter mit Google',
      email: 'Deine E-Mail-Adresse',
      link: 'Schick mir einen Link',
      sent: (email) => `Ein Link ist unterwegs zu ${email}.`,
      finish: 'Gib deine E-Mail-Adresse noch einmal ein, um zu bestätigen, dass du es bist',
      go: 'Weiter',
      failed: 'Das ging nicht. Versuch es noch einmal.',
      notHere: 'Diese Anmeldung wird hier nicht akzeptiert.',
      noWay:
        'In diesen Kanal kommst du nur angemeldet, aber diese Seite bietet keine Anmeldung an.',
      signOut: 'Abmelden und mich vergessen',
    },
    owner: {
      title: 'Dieser Kanal',
      claim: 'Besitz übernehmen',
      claimWhy: 'Du bist allein hier, und der Kanal gehört niemandem.',
      yours: 'Dieser Kanal gehört dir.',
      slow: 'Langsamer Modus',
      slowBy: (seconds) => (seconds === 0 ? 'aus' : `eine alle ${number(seconds)} s`),
      readOnly: 'Nur du kannst schreiben',
      private: 'Nur für Eingeladene',
      invite: 'Zum Schreiben einladen',
      inviteToRead: 'Zum Lesen einladen',
      copied: 'Link kopiert, er gilt einen Tag',
      byHand: 'Kopier diesen Link; er gilt einen Tag',
      clear: 'Alle Nachrichten löschen',
      remove: 'Entfernen',
      removeSure: 'Für eine Stunde?',
      removePerson: (name) => `${name} entfernen`,
      refused: {
        channel_taken: 'Jemand anderes ist hier, oder der Kanal gehört schon jemandem.',
        not_claimable: 'Dieser Kanal kann niemandem gehören.',
        rate_limited: 'Zu viele Versuche. Warte eine Minute.',
      },
      refusedOther: 'Der Server konnte es gerade nicht tun.',
    },
  },
  ...GERMAN_SHARING,
}

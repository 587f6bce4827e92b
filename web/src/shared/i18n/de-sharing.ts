/*
 * German: the start page and sharing.
 */
import type { Catalogue } from './catalogue'

export const GERMAN_SHARING: Pick<Catalogue, 'sharing' | 'demo'> = {
  sharing: {
    share: 'Diesen Kanal teilen',
    what: 'Was der Link öffnet',
    thisChannel: 'Diesen Kanal',
    thisSpot: 'Diese Stelle',
    spotKept: 'Die Stelle steht nur im Link; kein Server speichert sie.',
    address: 'Der Link',
    copy: 'Link kopieren',
    copied: 'Link kopiert',
    copyYourself: 'Diesen Link kopieren',
    send: 'Verschicken …',
    qr: 'Der Link als QR-Code',
    nobodyYet: 'Noch ist niemand sonst hier.',
    sendLink: 'Schick den Link denen, mit denen du reden willst.',
    onlyInvited: 'Nur wen die Besitzerin oder der Besitzer einlädt, kommt herein.',
    onlyInvitedByYou: 'Dieser Kanal ist privat: lade andere ein.',
    notNow: 'Nicht jetzt',

    channels: 'Kanäle',
    recent: 'Zuletzt besucht',
    forget: (channel) => `${channel} vergessen`,
    starChannel: (channel) => `${channel} mit Stern merken`,
    newChannel: 'Einen neuen Kanal öffnen',
    toStart: 'Zur Startseite',

    what1: 'Eine Fläche zum Reden.',
    what2: 'Worte erscheinen, wo du tippst, und verblassen.',
    rest: 'Demo anhalten',
    join: 'oder gib den Namen eines Kanals ein',
    joinNow: 'Los',
    joinEmpty: 'Gib den Namen eines Kanals ein oder füge einen Link ein.',
    rule: 'Der Name eines Kanals hat 1 bis 64 Buchstaben a bis z, Ziffern, Binde- oder Unterstriche.',
    nearest: (channel) => `Zu ${channel}`,

    notFound: 'Diesen Kanal gibt es nicht.',

    offlineTitle: 'Nicht verbunden · Asocial',
    offline: 'Asocial ist gerade nicht erreichbar.',
    offlineWhy:
      'Dein Netz oder der Server ist nicht verfügbar. Diese Seite prüft von selbst weiter.',
    again: 'Noch einmal versuchen',
    looking: 'Prüft …',
  },
  demo: {
    people: ['Mira', 'Jonas', 'Aiko', 'Sam'],
    lines: [
      'regnet es bei dir?',
      'nein, aber es riecht danach',
      'auf einem Blechdach, das schönts\be',
      'was habe ich verpasst?',
      'nichts bleibt, also: alles',
      'sag es noch einmal, dann ist es neu',
      'ich sehe dich denken',
      'wir sind übrigens erfunden',
      'die nächsten Worte könnten deine sein',
    ],
  },
}

/*
 * German: why a connection was closed or refused, and why a message was.
 */
import { formatter } from './language'
import type { Catalogue } from './catalogue'

const { duration } = formatter('de')

export const GERMAN_CLOSED: Catalogue['core']['closed'] = {
  4013: 'Aus deinem Netz verbinden sich gerade zu viele Leute.',
  4501: 'Der Server hat die Verbindung beendet: Er hat diese Seite nicht verstanden.',
  4503: 'Diese Seite hat eine andere Version als der Server.',
  4504: 'Diese Seite ist in zu vielen Tabs offen. Schließ einen.',
  4510: 'Deine Anmeldung gilt hier nicht.',
  4511: 'Deine Anmeldung ist abgelaufen.',
  4512: 'Du wurdest aus diesem Kanal entfernt.',
  4513: 'Dieser Kanal ist geschlossen.',
  4514: 'Dieser Server lässt dich gerade nicht herein.',
  4515: 'Dieser versiegelte Kanal ist voll: 200 Leute sind darin. Versuch es wieder, wenn jemand gegangen ist.',
}

export const GERMAN_REFUSALS: Catalogue['refusals'] = {
  connection: {
    members_only: 'Dieser Kanal ist privat. Nur wer ihn besitzt, kann dich einladen.',
    channel_private: 'Dieser Kanal ist privat. Nur wer ihn besitzt, kann dich einladen.',
    sealed_channel: 'Dieser Kanal ist versiegelt. Du brauchst den ganzen Link, um ihn zu betreten.',
    channel_invalid: 'So kann ein Kanal nicht heißen.',
    origin_forbidden:
      'Dieser Server nimmt von Seiten unter dieser Adresse keine Verbindungen an. Der Grund steht im Log des Servers.',
    too_many_connections: 'Aus deinem Netz sind zu viele Verbindungen offen. Schließ andere Tabs.',
    identity_unavailable: 'Der Server kann Anmeldungen gerade nicht prüfen.',
    unavailable: 'Der Server kann das gerade nicht tun.',
    not_upgraded:
      'Der Server antwortet, aber WebSocket-Verbindungen erreichen ihn nicht. Ein Proxy oder ein Filter dazwischen hält sie vielleicht auf.',
  },
  message: {
    bad_frame: 'Der Server hat diese Nachricht nicht verstanden.',
    rate_limited: 'Du sendest zu schnell.',
    payload_too_large: 'Die Nachricht ist zu lang.',
    payload_empty: 'Die Nachricht ist leer.',
    position_invalid: 'Zu weit von der Mitte der Fläche.',
    unavailable: 'Der Server konnte die Nachricht gerade nicht annehmen.',
    not_sealed: 'Dieser Kanal ist versiegelt. Er nimmt nur versiegelte Nachrichten an.',
    read_only: 'Nur wer den Kanal besitzt, kann gerade schreiben.',
    token_invalid: 'Deine Anmeldung ließ sich nicht erneuern.',
    not_owner: 'Das kann nur, wer den Kanal besitzt.',
  },
  limited: {
    user: 'Zu viele Nachrichten in einer Minute.',
    address: 'Zu viele Nachrichten aus deinem Netz.',
    channel: 'Hier schreiben gerade zu viele Leute.',
    slow: 'Der langsame Modus ist an.',
    strokes: 'Zu viele Linien in einer Minute.',
  },
  wait: (seconds) => `Warte ${duration(seconds)}, bevor du wieder sendest.`,
}

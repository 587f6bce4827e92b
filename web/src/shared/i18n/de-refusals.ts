/*
 * German: why a connection was closed or refused, and why a message was.
 */
import type { Catalogue } from './catalogue'

export const GERMAN_CLOSED: Catalogue['core']['closed'] = {
  4013: 'Aus deinem Netz kamen in der letzten Minute zu viele Verbindungen.',
  4501: 'Der Server hat die Verbindung beendet: Er hat diese Seite nicht verstanden.',
  4503: 'Diese Seite hat eine andere Version als der Server.',
  4504: 'Diese Seite ist in zu vielen Tabs offen. Schließ einen.',
  4510: 'Deine Anmeldung gilt hier nicht.',
  4511: 'Deine Anmeldung ist abgelaufen.',
  4512: 'Du wurdest aus diesem Kanal entfernt.',
}

export const GERMAN_REFUSALS: Catalogue['refusals'] = {
  connection: {
    members_only: 'Dieser Kanal ist privat. Wem er gehört, kann dich einladen.',
    channel_private: 'Dieser Kanal ist privat. Wem er gehört, kann dich einladen.',
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
    unavailable: 'Der Server konnte es gerade nicht annehmen.',
    read_only: 'Gerade kann hier nur schreiben, wem der Kanal gehört.',
    token_invalid: 'Deine Anmeldung ließ sich nicht erneuern.',
    not_owner: 'Das kann nur, wem der Kanal gehört.',
  },
  limited: {
    user: 'Du hast in einer Minute zu viele Nachrichten gesendet.',
    address: 'Aus deinem Netz kamen zu viele Nachrichten.',
    channel: 'Gerade schreiben hier zu viele.',
    slow: 'Der langsame Modus ist an: warte vor deiner nächsten Nachricht.',
    strokes: 'Du hast in einer Minute zu viele Linien gezeichnet.',
  },
}

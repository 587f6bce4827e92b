/*
 * German: why a connection ended or was refused, and which limit a message met.
 */
import type { Catalogue } from './catalogue'

export const GERMAN_REFUSALS: Pick<Catalogue['core'], 'final' | 'refusedFor' | 'limited'> = {
  final: {
    4501: 'Der Server hat die Verbindung beendet: Er hat diese Seite nicht verstanden.',
    4503: 'Diese Seite hat eine andere Version als der Server.',
    4504: 'Diese Seite ist in zu vielen Tabs offen. Schließ einen.',
    4510: 'Deine Anmeldung gilt hier nicht.',
    4511: 'Deine Anmeldung ist abgelaufen.',
    4512: 'Du wurdest aus diesem Kanal entfernt.',
    members_only: 'Dieser Kanal ist privat. Wem er gehört, kann dich einladen.',
    channel_private: 'Dieser Kanal ist privat. Wem er gehört, kann dich einladen.',
    channel_invalid: 'So kann ein Kanal nicht heißen.',
    origin_forbidden:
      'Dieser Server nimmt von Seiten unter dieser Adresse keine Verbindungen an. Der Grund steht im Log des Servers.',
  },
  refusedFor: {
    4013: 'Aus deinem Netz kamen in der letzten Minute zu viele Verbindungen.',
    draining: 'Der Server startet gleich neu.',
    too_many_connections: 'Aus deinem Netz sind zu viele Verbindungen offen. Schließ andere Tabs.',
    identity_unavailable: 'Der Server kann Anmeldungen gerade nicht prüfen.',
    unavailable: 'Der Server kann das gerade nicht tun.',
    not_upgraded:
      'Der Server antwortet, aber WebSocket-Verbindungen erreichen ihn nicht. Ein Proxy oder ein Filter dazwischen hält sie vielleicht auf.',
  },
  limited: {
    user: 'Du hast in einer Minute zu viele Nachrichten gesendet.',
    address: 'Aus deinem Netz kamen zu viele Nachrichten.',
    channel: 'Gerade schreiben hier zu viele.',
    slow: 'Der langsame Modus ist an: warte vor deiner nächsten Nachricht.',
  },
}

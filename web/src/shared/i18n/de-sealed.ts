/*
 * German: sealed channels.
 */
import type { Catalogue } from './catalogue'

export const GERMAN_SEALED: Catalogue['sealed'] = {
  title: 'Versiegelter Kanal',
  open: 'Einen versiegelten Kanal öffnen',
  openWhy: 'Nur wer den Link hat, kann das lesen. Dieser Server kann es nicht.',
  lock: 'Versiegelter Kanal: was geschützt ist',
  protects:
    'Nur wer den Link hat, kann lesen, was hier geschrieben, gezeichnet und gezeigt wird und wie die Leute heißen; dieser Server leitet es weiter und kann es nicht lesen.',
  exposes:
    'Der Server sieht trotzdem, wer hier ist und wann und wie viel jemand sendet; auch diese Seite kommt von ihm, und eine veränderte Seite könnte alles lesen.',
  remember: 'Diesen Kanal in diesem Browser merken',
  rememberWhy:
    'Speichert den ganzen Link mit dem Schlüssel. Dann können alle, die diesen Browser benutzen, den Kanal öffnen.',
  dropped: 'Etwas Ungeprüftes wurde weggelassen.',
  problem: {
    damaged: {
      title: 'Dieser Link ist beschädigt.',
      why: 'Ein Teil seines Schlüssels fehlt oder ist verändert, deshalb hat sich die Seite nicht verbunden. Lass dir den Link noch einmal geben und öffne ihn ganz, oder scanne seinen QR-Code.',
    },
    missing: {
      title: 'Dieser Link hat keinen Schlüssel.',
      why: 'Ohne den Teil nach # kann niemand einen versiegelten Kanal öffnen, deshalb hat sich die Seite nicht verbunden. Lass dir den ganzen Link geben.',
    },
    leaked: {
      title: 'Der Server hat den Schlüssel dieses Links gesehen.',
      why: 'Der Link wurde unterwegs verändert, und sein Schlüssel kam zum Server. Öffne einen neuen versiegelten Kanal und verschick seinen Link auf anderem Weg.',
    },
    insecure: {
      title: 'Unter dieser Adresse lässt sich kein Kanal versiegeln.',
      why: 'Browser verschlüsseln nur auf Seiten, die über https kommen, und diese kam über einfaches http. Bitte den Betreiber dieses Servers um eine https-Adresse.',
    },
  },
}

/*
 * Text with links. A link opens in a new tab, without a referrer, and is marked as user content for search engines.
 */
import { partsOf } from '../model/links'
import { PANEL_STRINGS } from '../../../shared/i18n/en-panels'

export function LinkedText({ text }: { text: string }) {
  return partsOf(text).map((part, i) =>
    typeof part === 'string' ? (
      <span key={i}>{part}</span>
    ) : (
      // Addresses are left to right in every language.
      <a
        key={i}
        href={part.href}
        dir="ltr"
        target="_blank"
        rel="noopener noreferrer nofollow ugc"
        title={PANEL_STRINGS.opens(part.host)}
        draggable={false}
        data-testid="link"
      >
        {part.text}
      </a>
    ),
  )
}

/*
 * Words with addresses in them. A link opens beside this page, tells it nothing of us, and gets no credit from us.
 */
import { partsOf } from '../model/links'
import { PANEL_STRINGS } from '../../../shared/i18n/en-panels'

export function LinkedText({ text }: { text: string }) {
  return partsOf(text).map((part, i) =>
    typeof part === 'string' ? (
      <span key={i}>{part}</span>
    ) : (
      // An address is read left to right, whatever is said around it.
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

/*
 * An address that names no channel.
 */
import { readAsked } from '../features/channel/model/address'
import { SHARING_STRINGS } from '../shared/i18n/en-sharing'

export function NotFound({ name }: { name: string }) {
  const asked = readAsked(name)
  const nearest = asked.kind === 'invalid' ? asked.nearest : undefined
  return (
    <main className="not-found" data-testid="not-found">
      <p className="asked">{name}</p>
      <h1>{SHARING_STRINGS.notFound}</h1>
      <p>{SHARING_STRINGS.rule}</p>
      {nearest !== undefined && (
        <a href={`/c/${nearest}`} data-testid="nearest">
          {SHARING_STRINGS.nearest(nearest)}
        </a>
      )}
      <a href="/" data-testid="to-start">
        {SHARING_STRINGS.toStart}
      </a>
    </main>
  )
}

/*
 * An address that names no channel.
 */
import { readAsked } from '../features/channel/model/address'
import { SHARING_WORDS } from '../shared/i18n/en-sharing'

export function NoPlace({ name }: { name: string }) {
  const asked = readAsked(name)
  const nearest = asked.kind === 'invalid' ? asked.nearest : undefined
  return (
    <main className="no-place" data-testid="no-place">
      <p className="said">{name}</p>
      <h1>{SHARING_WORDS.noPlace}</h1>
      <p>{SHARING_WORDS.rule}</p>
      {nearest !== undefined && (
        <a href={`/c/${nearest}`} data-testid="nearest">
          {SHARING_WORDS.nearest(nearest)}
        </a>
      )}
      <a href="/" data-testid="to-start">
        {SHARING_WORDS.toStart}
      </a>
    </main>
  )
}

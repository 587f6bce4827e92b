/*
 * An address that names no channel.
 */
import { DEFAULT_CHANNEL } from '../domain/channel'
import { WORDS } from '../domain/words'

export function NoPlace({ name }: { name: string }) {
  return (
    <main className="no-place" data-testid="no-place">
      <p className="said">{name}</p>
      <h1>{WORDS.noPlace}</h1>
      <p>{WORDS.noPlaceWhy}</p>
      <a href={`/c/${DEFAULT_CHANNEL}`}>{WORDS.toDefault}</a>
    </main>
  )
}

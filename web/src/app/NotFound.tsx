/*
 * Shown for an address that is not a channel name.
 */
import { readAsked } from '../features/channel/model/address'
import { SHARING_STRINGS } from '../shared/i18n/en-sharing'

const LINK = 'self-start py-2.5 underline underline-offset-4'

export function NotFound({ name }: { name: string }) {
  const asked = readAsked(name)
  const nearest = asked.kind === 'invalid' ? asked.nearest : undefined
  return (
    <main
      className="fixed inset-0 mx-auto flex max-w-[30em] flex-col justify-center gap-2.5 p-6"
      data-testid="not-found"
    >
      <p className="text-[21px] font-[320] wrap-anywhere text-faint">{name}</p>
      <h1 className="text-[21px] font-semibold">{SHARING_STRINGS.notFound}</h1>
      <p>{SHARING_STRINGS.rule}</p>
      {nearest !== undefined && (
        <a className={LINK} href={`/c/${nearest}`} data-testid="nearest">
          {SHARING_STRINGS.nearest(nearest)}
        </a>
      )}
      <a className={LINK} href="/" data-testid="to-start">
        {SHARING_STRINGS.toStart}
      </a>
    </main>
  )
}

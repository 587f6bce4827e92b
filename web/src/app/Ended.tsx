/*
 * The visit is over: you were removed, or may not come in. Says why in the middle of the page. The state of the connection,
 * at the edge, offers to try again.
 */
import { SHARING_STRINGS } from '../shared/i18n/en-sharing'
import { useSession } from '../stores/hooks'
import { reasonOf } from '../features/channel/ConnectionStatus'

export function Ended() {
  const link = useSession((s) => s.link)
  if (link.kind !== 'final') return null
  return (
    <section
      className="pointer-events-none absolute inset-0 grid place-items-center p-6"
      aria-label={reasonOf(link)}
      data-testid="ended"
    >
      <div className="pointer-events-auto max-w-[26em] rounded-[16px] forced-colors:border bg-backdrop px-6 py-5 text-center">
        <p className="text-[21px]/[1.4] font-semibold">{reasonOf(link)}</p>
        <a
          className="control mt-2 justify-center bg-transparent text-sm/5 underline underline-offset-[3px]"
          href="/"
          data-testid="ended-start"
        >
          {SHARING_STRINGS.toStart}
        </a>
      </div>
    </section>
  )
}

/*
 * The state of the connection. While it is live, it is one small dot.
 */
import { STRINGS } from '../../shared/i18n/en'
import type { Link } from '@asocial/client/core/link'
import { useApp, useSession } from '../../stores/hooks'
import { useCountdown } from '../../shared/ui/countdown'

const UNDERLINED = 'control bg-transparent text-ink underline underline-offset-[3px]'

export function ConnectionStatus() {
  const app = useApp()
  const link = useSession((s) => s.link)
  const refusal = useSession((s) => (s.link.kind === 'live' ? undefined : s.refusal))
  const degraded = useSession((s) => s.degraded) && link.kind === 'live'
  const wait = useCountdown(link.kind === 'waiting' ? link.until : undefined, app.now)
  // Messages may not arrive: people should notice.
  const loud = degraded || refusal !== undefined || link.kind === 'final'
  return (
    <div
      className={`link-state flex min-h-[34px] items-center gap-2 rounded-[10px] px-2 tabular-nums pointer-coarse:min-h-11 ${
        loud
          ? 'max-w-[min(460px,100vw-20px)] forced-colors:border bg-backdrop py-[7px] text-ink'
          : 'bg-ground/80 text-faint'
      }`}
      data-testid="connection"
      data-state={link.kind}
      data-degraded={degraded || undefined}
      data-refusal={refusal?.code}
    >
      <i
        className={`size-1.5 flex-none rounded-full shadow-[0_0_0_1.5px_currentColor] forced-color-adjust-none ${
          link.kind === 'live' && !degraded ? 'bg-current' : ''
        } ${
          link.kind === 'connecting' || link.kind === 'waiting' ? 'motion-safe:animate-waiting' : ''
        }`}
        aria-hidden="true"
      />
      <span aria-hidden="true">
        {degraded ? <Degraded /> : link.kind === 'live' ? '' : say(link, refusal?.text, wait)}
      </span>
      {/* Announced once per change, not once per second of a countdown. */}
      <span className="sr-only" role="status">
        {degraded ? `${STRINGS.degraded} ${STRINGS.degradedMeans}` : say(link, refusal?.text, 0)}
      </span>
      {(link.kind === 'waiting' || link.kind === 'offline') && (
        <button type="button" className={UNDERLINED} onClick={app.connectNow} data-testid="now">
          {STRINGS.now}
        </button>
      )}
      {link.kind === 'final' && (
        <button
          type="button"
          className={UNDERLINED}
          onClick={link.code === 4503 ? () => location.reload() : app.connectNow}
          data-testid="again"
        >
          {link.code === 4503 ? STRINGS.reload : STRINGS.again}
        </button>
      )}
    </div>
  )
}

const Degraded = () => (
  <>
    <b className="font-semibold">{STRINGS.degraded}</b> <span>{STRINGS.degradedMeans}</span>
  </>
)

/** Why the server ended the visit. */
export const reasonOf = ({ code, reason }: Extract<Link, { kind: 'final' }>): string =>
  STRINGS.closed[code] ?? (reason || STRINGS.closedOther)

function say(link: Link, refusal: string | undefined, wait: number): string {
  switch (link.kind) {
    case 'connecting':
      return STRINGS.connecting
    case 'live':
      return STRINGS.live
    case 'waiting':
      return [refusal, STRINGS.reconnecting(wait)].filter(Boolean).join(' ')
    case 'offline':
      return STRINGS.offline
    case 'final':
      return reasonOf(link)
  }
}

/*
 * The state of the connection, told as it is. While all is well it is one small dot.
 */
import { WORDS } from '../../shared/i18n/en'
import type { Link } from '../../shared/net/link'
import { useApp, useSession } from '../../stores/hooks'
import { useCountdown } from '../../shared/ui/countdown'

export function LinkState() {
  const app = useApp()
  const link = useSession((s) => s.link)
  const refusal = useSession((s) => (s.link.kind === 'live' ? undefined : s.refusal))
  const degraded = useSession((s) => s.degraded) && link.kind === 'live'
  const wait = useCountdown(link.kind === 'waiting' ? link.until : undefined, app.now)
  return (
    <div
      className="link-state"
      data-testid="connection"
      data-state={link.kind}
      data-degraded={degraded || undefined}
      data-refusal={refusal}
    >
      <i className="dot" aria-hidden="true" />
      <span aria-hidden="true">
        {degraded ? <Degraded /> : link.kind === 'live' ? '' : say(link, refusal, wait)}
      </span>
      {/* Told once per change, not once per second of a countdown. */}
      <span className="sr-only" role="status">
        {degraded ? `${WORDS.degraded} ${WORDS.degradedMeans}` : say(link, refusal, 0)}
      </span>
      {(link.kind === 'waiting' || link.kind === 'offline') && (
        <button type="button" className="control" onClick={app.connectNow} data-testid="now">
          {WORDS.now}
        </button>
      )}
      {link.kind === 'final' && (
        <button
          type="button"
          className="control"
          onClick={link.code === 4503 ? () => location.reload() : app.connectNow}
          data-testid="again"
        >
          {link.code === 4503 ? WORDS.reload : WORDS.again}
        </button>
      )}
    </div>
  )
}

const Degraded = () => (
  <>
    <b>{WORDS.degraded}</b> <span>{WORDS.degradedMeans}</span>
  </>
)

function say(link: Link, refusal: string | undefined, wait: number): string {
  switch (link.kind) {
    case 'connecting':
      return WORDS.connecting
    case 'live':
      return WORDS.live
    case 'waiting':
      return [WORDS.refusedFor[refusal ?? ''], WORDS.reconnecting(wait)].filter(Boolean).join(' ')
    case 'offline':
      return WORDS.offline
    case 'final':
      return WORDS.final[link.code] ?? (link.reason || WORDS.finalOther)
  }
}

/*
 * Sharing a private channel: its owner gets an invitation to share, everybody else learns who can make one (W63).
 */
import { useEffect, useState, type ReactNode } from 'react'
import { PANEL_STRINGS } from '../../../shared/i18n/en-panels'
import { Select } from '../../../shared/ui/Select'
import { useApp, useProfile, useSession } from '../../../stores/hooks'
import { invite, type Answer, type InvitationRights } from '../store/owner'

const SAY = PANEL_STRINGS.owner
const NOTE = 'text-[13px]/[18px] text-faint'
const DAY_S = 86_400
const DAYS = [1, 7]

export interface Inviting {
  /** what to share in place of the channel's own address */
  readonly link: string | undefined
  /** false: there is nothing to share, or not yet */
  readonly ready: boolean
  /** the choices of the owner, or why there is nothing to share */
  readonly shown: ReactNode
}

export function useInviting(): Inviting {
  const { session } = useApp()
  const isPrivate = useSession((s) => s.rules.private)
  const yours = useSession((s) => s.rules.yours)
  const ownerName = useProfile(useSession((s) => s.rules.owner))?.name
  const [rights, setRights] = useState<InvitationRights>('write')
  const [days, setDays] = useState(1)
  const [made, setMade] = useState<Readonly<Record<string, Answer<string>>>>({})
  const wanted = `${rights} ${days}`
  const answer = made[wanted]
  const asks = isPrivate && yours && answer === undefined

  useEffect(() => {
    if (!asks) return
    let current = true
    void invite(session, rights, days * DAY_S).then((got) => {
      if (current) setMade((before) => ({ ...before, [wanted]: got }))
    })
    return () => {
      current = false
    }
  }, [asks, session, rights, days, wanted])

  if (!isPrivate) return { link: undefined, ready: true, shown: null }
  if (!yours) {
    const shown = (
      <p className={NOTE} data-testid="who-invites">
        {SAY.onlyInvited} {ownerName === undefined ? SAY.ownerInvites : SAY.invites(ownerName)}
      </p>
    )
    return { link: undefined, ready: false, shown }
  }
  const link = answer && 'ok' in answer ? answer.ok : undefined
  const refused = answer && 'refused' in answer ? answer.refused : undefined
  const shown = (
    <>
      <p className={`${NOTE} mb-2`} data-testid="inviting">
        {SAY.yours} {refused === undefined && SAY.linkInvites}
        <span role="status">
          {refused !== undefined && (SAY.refused[refused] ?? SAY.refusedOther)}
        </span>
      </p>
      <div className="-mx-1 mb-2 flex gap-1">
        <Select
          value={rights}
          onChange={(event) => setRights(event.target.value as InvitationRights)}
          aria-label={SAY.invitedMay}
          data-testid="invitation-rights"
        >
          <option value="write">{SAY.toWrite}</option>
          <option value="read">{SAY.toRead}</option>
        </Select>
        <Select
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
          aria-label={SAY.valid}
          data-testid="invitation-days"
        >
          {DAYS.map((each) => (
            <option key={each} value={each}>
              {SAY.forDays(each)}
            </option>
          ))}
        </Select>
      </div>
    </>
  )
  return { link, ready: link !== undefined, shown }
}

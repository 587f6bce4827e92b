/*
 * The owner's controls, at the foot of the people panel; only those that can be used now. Somebody who is alone in a
 * channel without an owner can claim it.
 */
import { useState } from 'react'
import type { User } from '@asocial/client/core/frames'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import { claim, invite, type Answer } from './store/owner'
import { useApp, usePresence, useSession } from '../../stores/hooks'
import { copyText } from '../../shared/ui/copy'
import { Select } from '../../shared/ui/Select'
import { TextButton } from '../../shared/ui/TextButton'
import { LandmarkEditor } from '../landmarks/LandmarkEditor'

const SAY = PANEL_STRINGS.owner
/** This channel never has an owner (W64). */
const DEFAULT_CHANNEL = 'default'
const SECTION = 'mt-2 border-t border-line pt-2'
const ROW =
  'flex min-h-[34px] cursor-pointer items-center justify-between gap-3 pointer-coarse:min-h-11'
const BOX = 'size-[18px] cursor-pointer accent-ink pointer-coarse:size-6'
const NOTE = 'text-xs/4 text-faint'
const SLOW_S = [0, 5, 15, 60, 300]

export function Owner() {
  const yours = useSession((s) => s.rules.yours)
  const free = useSession(
    (s) => s.rules.owner === '' && s.channel !== DEFAULT_CHANNEL && s.link.kind === 'live',
  )
  const alone = usePresence((s) => s.presence.count <= 1)
  if (yours) return <OwnerControls />
  return free && alone ? <Claim /> : null
}

/** Why the server refused, as text. */
const refusal = (answer: Answer<unknown>) =>
  'refused' in answer ? (SAY.refused[answer.refused] ?? SAY.refusedOther) : ''

function Claim() {
  const app = useApp()
  const [notice, setNotice] = useState('')
  return (
    <div className={SECTION}>
      <TextButton
        onClick={() => void claim(app.session).then((answer) => setNotice(refusal(answer)))}
        data-testid="claim"
      >
        {SAY.claim}
      </TextButton>
      {!notice && <p className={NOTE}>{SAY.claimWhy}</p>}
      <p className={NOTE} role="status">
        {notice}
      </p>
    </div>
  )
}

function OwnerControls() {
  const app = useApp()
  const rules = useSession((s) => s.rules)
  const channel = useSession((s) => s.channel)
  const [notice, setNotice] = useState('')
  const [byHand, setByHand] = useState('')
  const slow_s = Math.round(rules.slow_ms / 1000)
  const inviteTo = async (rights: 'read' | 'write') => {
    const answer = await invite(app.session, rights)
    if ('refused' in answer) return setNotice(refusal(answer))
    const copied = await copyText(answer.ok)
    setByHand(copied ? '' : answer.ok)
    setNotice(copied ? SAY.copied : SAY.byHand)
  }
  return (
    <div className={SECTION} role="group" aria-label={SAY.title} data-testid="owner">
      <p className={NOTE}>{SAY.yours}</p>
      <label className="block cursor-pointer py-1">
        <span className="block pb-0.5">{SAY.slow}</span>
        <Select
          wide
          value={slow_s}
          onChange={(event) => {
            const slow_ms = Number(event.target.value) * 1000
            app.send({ type: 'moderate', action: 'slow', slow_ms })
          }}
          data-testid="slow"
        >
          {[...new Set([...SLOW_S, slow_s])].map((seconds) => (
            <option key={seconds} value={seconds}>
              {SAY.slowBy(seconds)}
            </option>
          ))}
        </Select>
      </label>
      <label className={ROW}>
        <span>{SAY.readOnly}</span>
        <input
          type="checkbox"
          className={BOX}
          checked={rules.read_only}
          onChange={({ target: { checked: on } }) =>
            app.send({ type: 'moderate', action: 'read_only', on })
          }
          data-testid="read-only"
        />
      </label>
      {channel !== DEFAULT_CHANNEL && (
        <>
          <label className={ROW}>
            <span>{SAY.private}</span>
            <input
              type="checkbox"
              className={BOX}
              checked={rules.private}
              onChange={({ target: { checked: on } }) =>
                app.send({ type: 'moderate', action: 'private', on })
              }
              data-testid="private"
            />
          </label>
          {rules.private && (
            <div className="flex flex-wrap gap-x-4">
              <TextButton onClick={() => void inviteTo('write')} data-testid="invite">
                {SAY.invite}
              </TextButton>
              <TextButton onClick={() => void inviteTo('read')} data-testid="invite-to-read">
                {SAY.inviteToRead}
              </TextButton>
            </div>
          )}
        </>
      )}
      {byHand && (
        <input
          className="w-full rounded-lg forced-colors:border bg-ground px-2 py-1"
          readOnly
          value={byHand}
          aria-label={SAY.byHand}
        />
      )}
      <LandmarkEditor />
      <TextButton
        onClick={() => app.send({ type: 'moderate', action: 'clear' })}
        data-testid="clear"
      >
        {SAY.clear}
      </TextButton>
      <p className={NOTE} role="status" data-testid="owner-notice">
        {notice}
      </p>
    </div>
  )
}

/** The first press asks for confirmation, the second one removes. */
export function Remove({ user }: { user: User }) {
  const app = useApp()
  const yours = useSession((s) => s.rules.yours && s.rules.owner !== user.user_id)
  const [sure, setSure] = useState(false)
  if (!yours) return null
  const press = () => {
    if (sure) app.send({ type: 'moderate', action: 'remove', user_id: user.user_id })
    setSure(!sure)
  }
  return (
    <button
      type="button"
      className="grid min-h-[34px] min-w-[30px] cursor-pointer place-items-center text-[13px] whitespace-nowrap text-faint underline-offset-[3px] hover:text-ink data-sure:text-ink data-sure:underline touch:pb-3.5 pointer-coarse:min-h-11 pointer-coarse:min-w-11"
      data-sure={sure || undefined}
      title={SAY.remove}
      aria-label={`${SAY.removePerson(user.name)}${sure ? `. ${SAY.removeSure}` : ''}`}
      onClick={press}
      onBlur={() => setSure(false)}
      data-testid="remove"
    >
      {sure ? (
        SAY.removeSure
      ) : (
        <svg className="line size-3.5" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M4 4l12 12M16 4L4 16" />
        </svg>
      )}
    </button>
  )
}

/*
 * Who is here, said in the middle of the view: that nobody is, with the link to send, once you have posted something; and
 * who is, when you come or when the first one comes to you. It lies where no words are.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { STRINGS } from '../../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../../shared/i18n/en-others'
import { SHARING_STRINGS } from '../../../shared/i18n/en-sharing'
import { copyText } from '../../../shared/ui/copy'
import { addressOf } from '../../channel/model/address'
import { freeTop } from '../../canvas/free-top'
import { onMoved } from '../../canvas/on-moved'
import { notices } from '../store/notices'
import { NAMED_MAX } from '../../people/model/notices'
import { useApp, useMessages, usePeople, usePresence, useSession } from '../../../stores/hooks'

const GREETING_MS = 9_000
const LOOK_EVERY_MS = 250
const COPIED_MS = 4_000
const BUTTON =
  'control pointer-events-auto bg-ink font-semibold text-ground hover:bg-ink hover:text-ground'

export function Company({ quiet }: { quiet: boolean }) {
  const spoke = useMessages((s) => s.spoke)
  const writing = useMessages((s) => s.draft !== undefined && s.draft.text !== '')
  const alone = usePresence((s) => s.presence.count <= 1)
  const names = useGreeting()
  const greeting = writing ? '' : names
  const [done, setDone] = useState(false)
  const invites = alone && spoke && !writing && !done
  const box = useFreePlace(invites || greeting !== '', quiet)
  return (
    <div className="company" ref={box} data-held="">
      <p role="status" data-testid="company">
        {invites ? SHARING_STRINGS.nobodyYet : greeting}
      </p>
      {invites && <Invite done={() => setDone(true)} />}
    </div>
  )
}

/** Names who is here when you come, and when somebody comes to you alone; '' after a while. */
function useGreeting(): string {
  const selfId = useSession((s) => s.userId)
  const here = usePresence((s) => s.presence.count)
  const names = usePeople()
    .filter(({ user_id }) => user_id !== selfId)
    .map(({ name }) => name)
  const company = here > 1 && names.length > 0
  const [greets, setGreets] = useState(true)
  const [before, setBefore] = useState(company)
  if (before !== company) {
    setBefore(company)
    setGreets(company)
  }
  useEffect(() => {
    if (!company || !greets) return
    const timer = setTimeout(() => setGreets(false), GREETING_MS)
    return () => clearTimeout(timer)
  }, [company, greets])
  if (!company || !greets) return ''
  return here - 1 > NAMED_MAX ? STRINGS.people(here) : OTHERS_STRINGS.joined(names, names.length)
}

function Invite({ done }: { done(): void }) {
  const { panels, session } = useApp()
  const rules = useSession((s) => s.rules)
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(done, COPIED_MS)
    return () => clearTimeout(timer)
  }, [copied, done])
  const copy = async () => {
    if (await copyText(addressOf(location.origin, session.store.getState()))) setCopied(true)
    // The panel shows the link, to be copied by hand.
    else panels.open('share')
  }
  if (rules.private && !rules.yours) return <p>{SHARING_STRINGS.onlyInvited}</p>
  return (
    <>
      <p>{rules.private ? SHARING_STRINGS.onlyInvitedByYou : SHARING_STRINGS.sendLink}</p>
      <div className="mt-1.5 flex justify-center gap-1 text-base/5">
        {rules.private ? (
          <button type="button" className={BUTTON} onClick={() => panels.open('share')}>
            {SHARING_STRINGS.share}
          </button>
        ) : (
          <button
            type="button"
            className={BUTTON}
            onClick={() => void copy()}
            data-testid="copy-invitation"
          >
            {SHARING_STRINGS.copy}
          </button>
        )}
        <button type="button" className="control pointer-events-auto" onClick={done}>
          {SHARING_STRINGS.notNow}
        </button>
      </div>
      <p role="status">{copied && SHARING_STRINGS.copied}</p>
    </>
  )
}

/** Parts of the height of the view at which the middle of the hint may lie, best first. */
const PLACES = [0.5, 0.32, 0.68, 0.2, 0.8]

/** Its backdrop would dim words that are closer, px. */
const APART_PX = 30

/** Keeps a box off all that is read or pressed, in the middle if it can be; where there is no room, it is not seen. */
function useFreePlace(shown: boolean, quiet: boolean) {
  const app = useApp()
  const box = useRef<HTMLDivElement>(null)
  const now = useRef(0.5)
  useLayoutEffect(() => {
    if (!shown) return
    const place = () => {
      const element = box.current
      if (!element) return
      const { height } = app.camera.store.getState().view
      // It stays where it is as long as it can.
      const parts = [now.current, ...PLACES]
      const tops = parts.map((part) => part * height - element.offsetHeight / 2)
      const free = freeTop(element, tops, APART_PX, ', .cursor')
      now.current = free === undefined ? 0.5 : (parts[tops.indexOf(free)] ?? 0.5)
      element.style.top = `${now.current * 100}%`
      // A screen reader still says it.
      element.toggleAttribute('data-no-room', free === undefined)
    }
    place()
    const stops = [onMoved(app, LOOK_EVERY_MS, place), notices.subscribe(place)]
    return () => {
      for (const stop of stops) stop()
    }
  }, [app, shown, quiet])
  return box
}

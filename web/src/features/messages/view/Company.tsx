/*
 * Who is here, said in the middle of the view: that nobody is, with the link to send, once you have posted something; and
 * who is, when you come or when the first one comes to you. It lies where no words are.
 */
import { useEffect, useEffectEvent, useLayoutEffect, useRef, useState } from 'react'
import { isHidden } from '@asocial/client/core/page'
import { STRINGS } from '../../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../../shared/i18n/en-others'
import { SHARING_STRINGS } from '../../../shared/i18n/en-sharing'
import { copyText } from '../../../shared/ui/copy'
import { Status } from '../../../shared/ui/Status'
import { addressOf } from '../../channel/model/address'
import { freeTop } from '../../canvas/free-top'
import { onMoved } from '../../canvas/on-moved'
import { NAMED_MAX } from '../../people/model/notices'
import { useApp, useMessages, usePeople, usePresence, useSession } from '../../../stores/hooks'

const GREETING_MS = 9_000
const LOOK_EVERY_MS = 250
const COPIED_MS = 4_000
const BUTTON =
  'control pointer-events-auto forced-colors:border bg-ink font-semibold text-ground hover:bg-ink hover:text-ground'

export function Company({ quiet }: { quiet: boolean }) {
  const spoke = useMessages((s) => s.spoke)
  const writing = useMessages((s) => s.draft !== undefined && s.draft.text !== '')
  const alone = usePresence((s) => s.presence.count <= 1)
  const { text, placed } = useGreeting(writing)
  const [done, setDone] = useState(false)
  const invites = alone && spoke && !writing && !done
  const words = invites ? SHARING_STRINGS.nobodyYet : text
  const box = useFreePlace(words, quiet, placed)
  return (
    <>
      <Status text={words} />
      <div className="company" ref={box} data-held="">
        <p aria-hidden="true" data-testid="company">
          {words}
        </p>
        {invites && <Invite done={() => setDone(true)} />}
      </div>
    </>
  )
}

interface Greeting {
  readonly ids: ReadonlySet<string>
  /** how many are here, with you */
  readonly here: number
  /** somebody came to you; else you came to them */
  readonly news: boolean
}

/**
 * Names the people who are here when you arrive, or the first person who arrives while you are alone. Each arrival is said
 * once: here, or in the notice at the edge. The notice names who comes later, who comes while you write, who comes where
 * there is no room here, and who comes to a hidden page, for which it becomes a notification (notifications/arrivals.ts).
 */
function useGreeting(writing: boolean) {
  const { presence } = useApp()
  const selfId = useSession((s) => s.userId)
  const here = usePresence((s) => s.presence.count)
  const others = usePeople().filter(({ user_id }) => user_id !== selfId)
  const company = here > 1 && others.length > 0
  const [wasAlone, setWasAlone] = useState(here === 1)
  const [before, setBefore] = useState(false)
  const [greeting, setGreeting] = useState<Greeting>()
  if (here === 1 && !wasAlone) setWasAlone(true)
  if (before !== company) {
    setBefore(company)
    const ids = new Set(others.map(({ user_id }) => user_id))
    setGreeting(company ? { ids, here, news: wasAlone } : undefined)
  }
  if (greeting && writing) setGreeting(undefined)
  useEffect(() => {
    if (!greeting) return
    const timer = setTimeout(() => setGreeting(undefined), GREETING_MS)
    return () => clearTimeout(timer)
  }, [greeting])
  const names = others.filter(({ user_id }) => greeting?.ids.has(user_id)).map(({ name }) => name)
  return {
    text: !greeting
      ? ''
      : greeting.here - 1 > NAMED_MAX
        ? STRINGS.people(greeting.here)
        : names.length > 0
          ? OTHERS_STRINGS.joined(names, names.length)
          : '',
    /** The box has its place, or none (`free`). */
    placed(free: boolean) {
      if (!greeting) return
      if (greeting.news && (!free || isHidden())) setGreeting(undefined)
      else for (const id of greeting.ids) presence.dropNotices(id)
    },
  }
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

/**
 * Keeps a box off all that is read or pressed, in the middle if it can be; where there is no room, it is not seen. `placed`
 * is called before anything of new words is seen or said.
 */
function useFreePlace(words: string, quiet: boolean, placed: (free: boolean) => void) {
  const app = useApp()
  const box = useRef<HTMLDivElement>(null)
  const now = useRef(0.5)
  const onPlaced = useEffectEvent(placed)
  useLayoutEffect(() => {
    if (words === '') return
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
    onPlaced(!box.current?.hasAttribute('data-no-room'))
    return onMoved(app, LOOK_EVERY_MS, place)
  }, [app, words, quiet])
  return box
}

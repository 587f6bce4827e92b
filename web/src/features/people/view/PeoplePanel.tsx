/*
 * The names of who is here. The first row is you, and can be changed in place.
 */
import { useRef, useState } from 'react'
import { useStore } from 'zustand'
import { NAME_MAX } from '../../channel/model/names'
import { cutAt } from '../../../shared/text/graphemes'
import { commandOf, plainCommandOf } from '../../../shared/keys/keys'
import { COLOR_NAMES, ink } from '../../../shared/palette'
import type { User } from '../../../shared/net/frames'
import { STRINGS } from '../../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../../shared/i18n/en-others'
import { PANEL_STRINGS } from '../../../shared/i18n/en-panels'
import { shownCount } from '../store/presence'
import { useApp, usePeople, usePresence, useSelf, useSession } from '../../../stores/hooks'
import { lazy } from '../../../shared/ui/lazy'
import { Panel } from '../../../shared/ui/Panel'
import { Owner, Remove } from '../../channel/Owner'
import './people.css'

const SignOut = lazy(() => import('../../identity/SignIn').then((m) => m.SignOut))

const ROWS = 200
const SAY = PANEL_STRINGS.message

export function PeoplePanel({ close }: { close(): void }) {
  const app = useApp()
  const people = usePeople()
  const count = usePresence(shownCount)
  const selfId = useSession((s) => s.userId)
  const others = people.filter((user) => user.user_id !== selfId)
  return (
    <Panel className="roster" label={STRINGS.who} testId="roster" close={close}>
      <Self />
      <ul>
        {others.slice(0, ROWS).map((user) => (
          <Person key={user.user_id} user={user} close={close} />
        ))}
        {count > others.length + 1 && <li>{OTHERS_STRINGS.more(count - others.length - 1)}</li>}
      </ul>
      <Owner />
      {app.session.vouched() && <SignOut />}
    </Panel>
  )
}

/** Somebody else. Who has a place on the plane can be gone to; everyone can be followed, who looks about too. */
function Person({ user, close }: { user: User; close(): void }) {
  const { navigation, muted } = useApp()
  const isMuted = useStore(muted.store, (s) => s.people.has(user.user_id))
  const followed = useStore(navigation.store, (s) => s.following === user.user_id)
  const somewhere = navigation.placeOf(user.user_id) !== undefined
  const name = (
    <>
      <i className="dot" aria-hidden="true" />
      <span className="truncate" translate="no">
        {user.name}
      </span>
    </>
  )
  const then = (act: () => void) => () => {
    act()
    close()
  }
  return (
    <li
      className="person"
      style={{ color: ink(user.color) }}
      data-muted={isMuted || undefined}
      data-testid="person"
    >
      {somewhere ? (
        <button
          type="button"
          className="person-go"
          title={OTHERS_STRINGS.goToPerson(user.name)}
          onClick={then(() => navigation.goToPerson(user.user_id))}
        >
          {name}
        </button>
      ) : (
        name
      )}
      <span className="person-acts">
        <button
          type="button"
          className="person-act"
          aria-label={OTHERS_STRINGS.followPerson(user.name)}
          aria-pressed={followed}
          onClick={then(() => (followed ? navigation.stop() : navigation.follow(user.user_id)))}
          data-testid="follow"
        >
          {followed ? OTHERS_STRINGS.stop : OTHERS_STRINGS.follow}
        </button>
        <button
          type="button"
          className="person-act"
          aria-label={
            isMuted ? PANEL_STRINGS.muted.unmutePerson(user.name) : SAY.mutePerson(user.name)
          }
          onClick={() =>
            isMuted ? muted.unmute(user.user_id) : muted.mute(user.user_id, user.name)
          }
          data-testid={isMuted ? 'unmute-person' : 'mute-person'}
        >
          {isMuted ? PANEL_STRINGS.muted.unmute : SAY.mute}
        </button>
        <Remove user={user} />
      </span>
    </li>
  )
}

/** Your own name and colour, changed where they stand. */
function Self() {
  const app = useApp()
  const { name, color } = useSelf()
  const [edited, setEdited] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  const current = { name, color: color ?? COLOR_NAMES[0] ?? 'rust' }
  const commit = () => {
    if (edited !== undefined && edited.trim() !== '' && edited !== name) {
      app.session.choose({ name: edited }, current)
    }
    setEdited(undefined)
  }
  return (
    <div className="self" style={{ color: ink(color) }} data-testid="self">
      <label>
        <i className="dot" aria-hidden="true" />
        <input
          ref={input}
          value={edited ?? name}
          aria-label={OTHERS_STRINGS.yourName}
          autoComplete="nickname"
          spellCheck={false}
          onChange={(event) => {
            const { value } = event.target
            const composing = (event.nativeEvent as InputEvent).isComposing
            // Never under an input method's hands; what is too long then is cut in the end.
            setEdited(composing ? value : cutAt(value, NAME_MAX))
          }}
          onBlur={commit}
          onKeyDown={(event) => {
            const command = commandOf(event.nativeEvent)
            if (command === 'Enter') input.current?.blur()
            if (command === 'Escape') setEdited(undefined)
          }}
          data-testid="your-name"
        />
        <span>{STRINGS.you}</span>
      </label>
      <div
        className="swatches"
        role="radiogroup"
        aria-label={OTHERS_STRINGS.yourColor}
        onKeyDown={(event) => {
          const on = document.dir === 'rtl' ? -1 : 1
          const by = { ArrowRight: on, ArrowDown: 1, ArrowLeft: -on, ArrowUp: -1 }[
            plainCommandOf(event.nativeEvent)
          ]
          if (by === undefined) return
          event.preventDefault()
          const buttons = [...event.currentTarget.querySelectorAll('button')]
          const at = buttons.indexOf(event.target as HTMLButtonElement)
          const next = buttons.at((at + by) % buttons.length)
          next?.focus()
          next?.click()
        }}
      >
        {COLOR_NAMES.map((each, index) => (
          <button
            key={each}
            type="button"
            role="radio"
            aria-checked={each === color}
            tabIndex={each === color || (color === undefined && index === 0) ? 0 : -1}
            aria-label={PANEL_STRINGS.colors[each]}
            title={PANEL_STRINGS.colors[each]}
            style={{ color: ink(each) }}
            onClick={() => app.session.choose({ color: each }, current)}
            data-testid={`color-${each}`}
          >
            <i />
          </button>
        ))}
      </div>
    </div>
  )
}

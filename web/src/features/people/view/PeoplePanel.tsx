/*
 * The names of who is here. The first row is you, and can be changed in place.
 */
import { useRef, useState } from 'react'
import { useStore } from 'zustand'
import { COLORS, NAME_CHARACTERS } from '@asocial/client/core/wire'
import { cutAt } from '../../../shared/text/graphemes'
import { commandOf, plainCommandOf } from '../../../shared/keys/keys'
import { ink } from '../../../shared/palette'
import type { User } from '@asocial/client/core/frames'
import { STRINGS } from '../../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../../shared/i18n/en-others'
import { PANEL_STRINGS } from '../../../shared/i18n/en-panels'
import { goToPerson, placeOf } from '../../navigation/store/finding'
import { shownCount } from '../store/presence'
import { useApp, usePeople, usePresence, useSelf, useSession } from '../../../stores/hooks'
import { lazy } from '../../../shared/ui/lazy'
import { Panel } from '../../../shared/ui/Panel'
import { Owner, Remove } from '../../channel/Owner'

const SignOut = lazy(() => import('../../identity/SignIn').then((m) => m.SignOut))

const ROWS = 200
const DOT = 'size-2.5 flex-none rounded-full bg-current forced-color-adjust-none'
/** As high whether it can be pressed or not: the rows are even. */
const WHO =
  'flex min-h-[34px] min-w-0 flex-1 items-center gap-2.5 touch:min-h-11 touch:min-w-11 touch:basis-full touch:items-end touch:pb-[5px] low:touch:min-w-[130px] low:touch:basis-0 low:touch:items-center low:touch:pb-0'
/**
 * Shown over the name when a pointer or the focus is on the row. Where nothing hovers, they have their own line; on a
 * phone held sideways, where the panel is wide and low, they are beside the name if there is room.
 */
const ACTS =
  'absolute inset-y-0 -end-1.5 flex items-center bg-backdrop ps-1.5 opacity-0 shadow-[0_0_8px_6px_var(--backdrop)] [clip-path:inset(0_-12px)] ' +
  'group-focus-within:opacity-100 group-hover:opacity-100 has-aria-pressed:opacity-100 ' +
  'touch:static touch:basis-full touch:gap-2 touch:bg-transparent touch:ps-3.5 touch:opacity-100 touch:shadow-none touch:[clip-path:none] low:touch:basis-auto'
const ACT =
  'min-h-[34px] cursor-pointer px-1.5 text-[13px] text-faint underline underline-offset-[3px] aria-pressed:font-[560] aria-pressed:text-inherit touch:min-h-11 touch:min-w-11 touch:pb-3.5 low:touch:pb-0'
const SAY = PANEL_STRINGS.message

export function PeoplePanel({ close }: { close(): void }) {
  const app = useApp()
  const people = usePeople()
  const count = usePresence(shownCount)
  const selfId = useSession((s) => s.userId)
  const others = people.filter((user) => user.user_id !== selfId)
  return (
    <Panel
      className="w-[296px] low:pointer-coarse:w-[420px]"
      label={STRINGS.who}
      testId="roster"
      close={close}
    >
      <Self />
      <ul>
        {others.slice(0, ROWS).map((user) => (
          <Person key={user.user_id} user={user} close={close} />
        ))}
        {count > others.length + 1 && <li>{OTHERS_STRINGS.more(count - others.length - 1)}</li>}
      </ul>
      <Owner />
      {app.session.hasProviderToken() && <SignOut />}
    </Panel>
  )
}

/** Another person. If their place is known you can go there; everyone can be followed. */
function Person({ user, close }: { user: User; close(): void }) {
  const app = useApp()
  const { navigation, muted } = app
  const isMuted = useStore(muted.store, (s) => s.people.has(user.user_id))
  const followed = useStore(navigation.store, (s) => s.following === user.user_id)
  const somewhere = placeOf(app, user.user_id) !== undefined
  const name = (
    <>
      <i className={`${DOT} touch:mb-[5px] low:touch:mb-0`} aria-hidden="true" />
      <span
        className="truncate group-data-muted:line-through group-data-muted:opacity-60"
        translate="no"
      >
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
      className="group relative flex-wrap gap-x-2.5 gap-y-0"
      style={{ color: ink(user.color) }}
      data-muted={isMuted || undefined}
      data-testid="person"
    >
      {somewhere ? (
        <button
          type="button"
          className={`${WHO} cursor-pointer text-start`}
          title={OTHERS_STRINGS.goToPerson(user.name)}
          onClick={then(() => goToPerson(app, user.user_id))}
        >
          {name}
        </button>
      ) : (
        <span className={WHO}>{name}</span>
      )}
      <span className={ACTS} data-testid="person-acts">
        <button
          type="button"
          className={ACT}
          aria-label={OTHERS_STRINGS.followPerson(user.name)}
          aria-pressed={followed}
          onClick={then(() => (followed ? navigation.stop() : navigation.follow(user.user_id)))}
          data-testid="follow"
        >
          {followed ? OTHERS_STRINGS.stop : OTHERS_STRINGS.follow}
        </button>
        <button
          type="button"
          className={ACT}
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

/** Your name and colour, editable in place. */
function Self() {
  const app = useApp()
  const { name, color } = useSelf()
  const [edited, setEdited] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  const current = { name, color: color ?? COLORS[0] }
  const commit = () => {
    if (edited !== undefined && edited.trim() !== '' && edited !== name) {
      app.session.choose({ name: edited }, current)
    }
    setEdited(undefined)
  }
  return (
    <div style={{ color: ink(color) }} data-testid="self">
      <label className="flex min-h-[34px] items-center gap-2.5 pointer-coarse:min-h-11">
        <i className={DOT} aria-hidden="true" />
        <input
          ref={input}
          className="min-w-0 flex-1 rounded-none border-b border-line bg-transparent py-1 text-base/5 font-[560] focus-visible:border-current focus-visible:outline-none"
          value={edited ?? name}
          aria-label={OTHERS_STRINGS.yourName}
          autoComplete="nickname"
          spellCheck={false}
          onChange={(event) => {
            const { value } = event.target
            const composing = (event.nativeEvent as InputEvent).isComposing
            // Not during a composition of an input method; the name is cut when it ends.
            setEdited(composing ? value : cutAt(value, NAME_CHARACTERS))
          }}
          onBlur={commit}
          onKeyDown={(event) => {
            const command = commandOf(event.nativeEvent)
            if (command === 'Enter') input.current?.blur()
            if (command === 'Escape') setEdited(undefined)
          }}
          data-testid="your-name"
        />
        <span className="text-faint">{STRINGS.you}</span>
      </label>
      <div
        className="-mx-1 mt-1.5 mb-1 grid grid-cols-8 pointer-coarse:grid-cols-4 low:pointer-coarse:grid-cols-8"
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
        {COLORS.map((each, index) => (
          <button
            key={each}
            type="button"
            role="radio"
            className="group grid h-[30px] cursor-pointer place-items-center pointer-coarse:h-11"
            aria-checked={each === color}
            tabIndex={each === color || (color === undefined && index === 0) ? 0 : -1}
            aria-label={PANEL_STRINGS.colors[each]}
            title={PANEL_STRINGS.colors[each]}
            style={{ color: ink(each) }}
            onClick={() => app.session.choose({ color: each }, current)}
            data-testid={`color-${each}`}
          >
            <i className="size-3.5 rounded-full bg-current forced-color-adjust-none group-aria-checked:shadow-[0_0_0_3px_var(--backdrop),0_0_0_5px_currentColor] forced-colors:group-aria-checked:shadow-[0_0_0_3px_Canvas,0_0_0_5px_CanvasText] pointer-coarse:size-5" />
          </button>
        ))}
      </div>
    </div>
  )
}

/*
 * The people in the channel: a count and a few dots at the edge. They open the panel with the names.
 */
import { useCallback } from 'react'
import { initials } from '../channel/model/names'
import { ink } from '../../shared/palette'
import { STRINGS } from '../../shared/i18n/en'
import { shownCount } from './store/presence'
import { useApp, useOpen, usePeople, usePresence, useSession } from '../../stores/hooks'
import { lazy } from '../../shared/ui/lazy'

const DOTS = 5

const PeoplePanel = lazy(() => import('./view/PeoplePanel').then((m) => m.PeoplePanel))

export function People() {
  const { panels } = useApp()
  const open = useOpen('people')
  const close = useCallback(() => panels.close('people'), [panels])
  const people = usePeople()
  const count = usePresence(shownCount)
  const selfId = useSession((s) => s.userId)

  if (count === 0) return null
  const others = people.filter((user) => user.user_id !== selfId)
  const shown = [...others.slice(0, DOTS).reverse(), ...people.slice(0, 1)]
  return (
    <>
      {open && <div className="scrim" onClick={close} />}
      <button
        type="button"
        className="control relative"
        aria-expanded={open}
        onClick={() => panels.toggle('people')}
        onPointerEnter={PeoplePanel.fetch}
        onFocus={PeoplePanel.fetch}
        data-testid="people"
      >
        <span data-testid="roster-count" data-count={count}>
          <span className="narrow:hidden">{STRINGS.people(count)}</span>
          <span className="hidden narrow:inline">{STRINGS.number(count)}</span>
        </span>
        <span className="sr-only">{STRINGS.who}</span>
        <span className="flex gap-[3px]" aria-hidden="true" translate="no">
          {shown.map((user) => (
            <i
              key={user.user_id}
              className="grid size-6 place-items-center rounded-full bg-current not-italic forced-color-adjust-none narrow:nth-last-[n+4]:hidden"
              style={{ color: ink(user.color) }}
            >
              <b className="text-[10px] font-[650] tracking-[-0.02em] text-ground">
                {initials(user.name)}
              </b>
            </i>
          ))}
        </span>
      </button>
      {open && <PeoplePanel close={close} />}
    </>
  )
}

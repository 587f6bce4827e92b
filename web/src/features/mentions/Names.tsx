/*
 * The names that fit what is typed after an @, at the caret.
 *
 * The focus stays in the textarea, which names the chosen option to screen readers. Only keys that type nothing are used, and
 * only while the list is shown: the arrows choose, Tab completes, Enter completes what was chosen, Escape closes the list.
 */
import { useEffect, useId, useLayoutEffect, useRef, useState, type RefObject } from 'react'
import { ink } from '../../shared/palette'
import { plainCommandOf } from '../../shared/keys/keys'
import type { User } from '@asocial/client/core/frames'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { Status } from '../../shared/ui/Status'
import { useApp } from '../../stores/hooks'
import { queryOf, suggestions, type Query } from './model/mentions'

const MOST = 5
/** what a name takes at most, and the space around the list */
const ROW_PX = 44
const AROUND_PX = 24

interface NamesProps {
  readonly box: RefObject<HTMLTextAreaElement | null>
  /** as if it were typed */
  insert(element: HTMLTextAreaElement | null, text: string): void
}

interface Shown {
  readonly query: Query
  readonly people: readonly User[]
  readonly side: 'above' | 'below'
}

export function Names({ box, insert }: NamesProps) {
  const app = useApp()
  const id = useId()
  const [shown, setShown] = useState<Shown>()
  const [chosen, setChosen] = useState(-1)
  /** the query that Escape closed */
  const closed = useRef('')
  const latest = useRef('')

  useEffect(() => {
    const look = () => {
      const next = shownFor(box.current, app)
      const key = next ? keyOf(next.query) : ''
      if (key !== closed.current) closed.current = ''
      const people = next?.people.map(({ user_id }) => user_id)
      const now = key === closed.current ? '' : `${key} ${people}`
      if (now === latest.current) return
      latest.current = now
      setShown(now === '' ? undefined : next)
      setChosen(-1)
    }
    look()
    const element = box.current
    element?.addEventListener('blur', look)
    document.addEventListener('selectionchange', look)
    const stops = [app.presence.store.subscribe(look), app.messages.store.subscribe(look)]
    return () => {
      element?.removeEventListener('blur', look)
      document.removeEventListener('selectionchange', look)
      for (const stop of stops) stop()
    }
  }, [app, box])

  const complete = (person: User | undefined) => {
    const element = box.current
    if (!shown || !person || !element) return
    const { start, text } = shown.query
    element.setSelectionRange(start, start + text.length)
    insert(element, `${person.name} `)
  }

  useLayoutEffect(() => {
    const element = box.current
    if (!element || !shown) return
    const { people, query } = shown
    const onKey = (event: KeyboardEvent) => {
      const command = event.shiftKey ? '' : plainCommandOf(event)
      if (command === 'ArrowDown') setChosen((chosen + 1) % people.length)
      else if (command === 'ArrowUp') setChosen(chosen <= 0 ? people.length - 1 : chosen - 1)
      else if (command === 'Tab') complete(people[Math.max(0, chosen)])
      else if (command === 'Enter' && chosen >= 0) complete(people[chosen])
      else if (command === 'Escape') {
        closed.current = keyOf(query)
        latest.current = ''
        setShown(undefined)
      } else return
      event.preventDefault()
      event.stopImmediatePropagation()
    }
    const said: Record<string, string> = {
      'aria-autocomplete': 'list',
      'aria-haspopup': 'listbox',
      'aria-controls': id,
      ...(chosen >= 0 && { 'aria-activedescendant': `${id}-${chosen}` }),
    }
    for (const [name, value] of Object.entries(said)) element.setAttribute(name, value)
    element.addEventListener('keydown', onKey)
    return () => {
      for (const name of Object.keys(said)) element.removeAttribute(name)
      element.removeEventListener('keydown', onKey)
    }
  })

  return (
    <>
      {shown && (
        <div
          id={id}
          className="names"
          role="listbox"
          aria-label={OTHERS_STRINGS.names}
          data-side={shown.side}
          data-held=""
          data-testid="names"
        >
          {shown.people.map((person, i) => (
            <div
              key={person.user_id}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === chosen}
              style={{ color: ink(person.color) }}
              // The textarea keeps the focus, and a phone its keyboard.
              onPointerDown={(event) => event.preventDefault()}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => complete(person)}
              data-testid="name-option"
            >
              <bdi translate="no">{person.name}</bdi>
            </div>
          ))}
        </div>
      )}
      <Status text={shown ? OTHERS_STRINGS.namesFound(shown.people.length) : ''} />
    </>
  )
}

const keyOf = ({ start, text }: Query) => `${start} ${text}`

function shownFor(
  element: HTMLTextAreaElement | null,
  { session, presence, muted }: ReturnType<typeof useApp>,
): Shown | undefined {
  if (!element || document.activeElement !== element) return undefined
  const { value, selectionStart, selectionEnd } = element
  if (selectionStart !== selectionEnd) return undefined
  const query = queryOf(value, selectionEnd)
  if (!query) return undefined
  const { userId } = session.store.getState()
  const others = [...presence.store.getState().presence.users.values()].filter(
    ({ user_id }) => user_id !== userId && !muted.has(user_id),
  )
  const people = suggestions(query.text, others, MOST)
  if (people.length === 0) return undefined
  const { bottom, top } = element.getBoundingClientRect()
  const end = window.visualViewport?.height ?? window.innerHeight
  const high = people.length * ROW_PX + AROUND_PX
  return { query, people, side: bottom + high > end && top > high ? 'above' : 'below' }
}

/*
 * All commands in one list that is searched by typing: panels, ways, reactions. Arrow keys choose, Enter runs.
 */
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import { flushSync } from 'react-dom'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import { SEALED_STRINGS } from '../../shared/i18n/en-sealed'
import { commandOf } from '../../shared/keys/keys'
import { REACTIONS } from '@asocial/client/core/reactions'
import { Modal } from '../../shared/ui/Modal'
import { ScrollCue } from '../../shared/ui/ScrollCue'
import { Status } from '../../shared/ui/Status'
import type { App } from '../../stores/app'
import type { Panel } from '../../stores/panels'
import { useApp } from '../../stores/hooks'
import { openCaret } from '../messages/open-caret'
import { Keys } from '../help/Keys'
import { matcher } from '../history/model/search'

const SAY = PANEL_STRINGS.commands

interface Command {
  readonly name: string
  readonly keys?: string
  run(): void
}

function commandsOf(app: App): readonly Command[] {
  const { does } = PANEL_STRINGS.help
  const isSealed = app.session.store.getState().fragment !== undefined
  const middle = () => app.camera.store.getState().camera
  const panel = (name: string, which: Panel, keys?: string): Command => ({
    name,
    run: () => app.panels.open(which),
    ...(keys !== undefined && { keys }),
  })
  return [
    { name: does.open, keys: 'Space', run: () => openCaret(app, middle()) },
    panel(does.people, 'people'),
    panel(does.share, 'share'),
    ...(isSealed ? [panel(SEALED_STRINGS.lock, 'sealed')] : []),
    panel(does.history, 'history'),
    panel(does.channels, 'channels'),
    panel(does.settings, 'settings'),
    panel(PANEL_STRINGS.help.title, 'help', 'F1'),
    { name: does.nearest, keys: 'End', run: app.navigation.goToNearest },
    { name: does.home, keys: 'Home', run: app.navigation.goHome },
    ...REACTIONS.map((kind, index) => ({
      name: PANEL_STRINGS.reaction[kind],
      keys: `Ctrl+Shift+${index + 1}`,
      run: () => app.reactions.react(kind, app.messages.store.getState().draft?.at ?? middle()),
    })),
  ]
}

const intoView = (element: Element | null) => element?.scrollIntoView({ block: 'nearest' })

export function Commands({ close }: { close(): void }) {
  const app = useApp()
  const [all] = useState(() => commandsOf(app))
  const [asked, setAsked] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  // After the effect of the dialog, which takes the focus itself.
  useLayoutEffect(() => field.current?.focus(), [])
  const fits = matcher(asked)
  const found = all.filter(({ name }) => fits(name))
  const chosen = Math.min(at, found.length - 1)

  const run = (command: Command | undefined) => {
    if (!command) return
    // The focus is back where it was before the command moves it.
    flushSync(close)
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const command = commandOf(event.nativeEvent)
    const step = { ArrowDown: 1, ArrowUp: -1 }[command]
    if (step !== undefined) setAt((chosen + step + found.length) % Math.max(1, found.length))
    else if (command === 'Enter') run(found[chosen])
    else return
    event.preventDefault()
  }
  return (
    <Modal
      className="fixed inset-x-0 top-[12vh] bottom-auto mx-auto max-h-[min(460px,76dvh)] w-[min(420px,100vw-20px)] p-2 text-sm/5 text-ink backdrop:bg-ground/55 focus-visible:outline-none"
      label={SAY.title}
      testId="commands-panel"
      close={close}
      onKeyDown={onKeyDown}
    >
      <input
        ref={field}
        className="mb-1 min-h-11 w-full rounded-none border-b border-line bg-transparent px-2 text-base/5 placeholder:text-faint placeholder:opacity-100 focus-visible:border-current focus-visible:outline-none"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
        aria-label={SAY.search}
        placeholder={SAY.search}
        autoComplete="off"
        spellCheck={false}
        value={asked}
        onChange={(event) => {
          setAsked(event.target.value)
          setAt(0)
        }}
        data-testid="command"
      />
      <ul id={`${id}-list`} role="listbox" aria-label={SAY.title}>
        {found.map((command, index) => (
          <li
            key={command.name}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            ref={index === chosen ? intoView : undefined}
            className="cursor-pointer justify-between rounded-lg px-2 aria-selected:bg-ground"
            onPointerMove={() => setAt(index)}
            onClick={() => run(command)}
          >
            <span className="first-letter:uppercase">{command.name}</span>
            {command.keys !== undefined && (
              <span className="flex gap-[3px] text-xs/5 text-faint pointer-coarse:hidden">
                <Keys keys={command.keys} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <p className="px-2 py-2 text-faint" aria-hidden="true">
          {SAY.none}
        </p>
      )}
      <Status text={found.length === 0 ? SAY.none : ''} />
      <ScrollCue className="-mx-2 [--foot:4px]" />
    </Modal>
  )
}

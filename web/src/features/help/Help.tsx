/*
 * All keys on one sheet, or on a touch screen all gestures; F1 closes it too.
 */
import { useState } from 'react'
import { commandOf } from '../../shared/keys/keys'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import { COARSE, matches } from '../../shared/ui/media'
import { ScrollCue } from '../../shared/ui/ScrollCue'
import { Modal } from '../../shared/ui/Modal'
import { Keys } from './Keys'
import { TextButton } from '../../shared/ui/TextButton'

const SAY = PANEL_STRINGS.help
const { does } = SAY
const { by, to } = SAY.gestures

type Groups = readonly (readonly [string, readonly (readonly [how: string, does: string])[]])[]

const GESTURES: Groups = [
  [
    SAY.writing,
    [
      [by.tap, to.tap],
      [by.beside, to.beside],
    ],
  ],
  [
    SAY.looking,
    [
      [by.drag, to.drag],
      [by.pinch, to.pinch],
      [by.edge, to.edge],
      [by.zoom, to.zoom],
    ],
  ],
  [
    SAY.reading,
    [
      [by.message, to.message],
      [by.hold, to.hold],
    ],
  ],
  [
    SAY.opening,
    [
      [by.channel, to.channel],
      [by.people, to.people],
    ],
  ],
]

/** `+` joins keys that are pressed together; a space separates alternatives. */
const KEYS: Groups = [
  [
    SAY.writing,
    [
      ['Space', does.open],
      ['↑ ← ↓ →', does.place],
      ['Enter', does.send],
      ['Shift+Enter', does.breakLine],
      ['Esc', does.drop],
    ],
  ],
  [
    SAY.looking,
    [
      ['↑ ← ↓ →', does.pan],
      ['Ctrl++ Ctrl+− Ctrl+0', does.zoom],
      ['End', does.nearest],
      ['Home', does.home],
    ],
  ],
  [
    SAY.reading,
    [
      ['Enter', does.enter],
      ['↑ ← ↓ →', does.walk],
      ['Enter', does.menu],
      ['A…Z', does.reply],
      ['Delete', does.putAway],
      ['Shift+↑ ← ↓ →', does.point],
      ['Esc', does.leave],
    ],
  ],
  [
    SAY.opening,
    [
      ['Ctrl+K', does.commands],
      ['F1', does.help],
      ['Ctrl+Shift+1…6', does.react],
      ['Ctrl+Z', does.undo],
      ['Tab', does.tab],
    ],
  ],
]

export function Help({ close }: { close(): void }) {
  const touch = matches(COARSE)
  const [gestures, setGestures] = useState(touch)
  const title = gestures ? SAY.gestures.title : SAY.title
  return (
    <Modal
      className="fixed inset-0 m-auto max-h-[min(640px,100dvh-40px)] w-[min(720px,100vw-20px)] max-w-none p-0 text-sm/5 text-ink backdrop:bg-ground/55 focus-visible:outline-none"
      label={title}
      testId="help-panel"
      close={close}
      onKeyDown={(event) => {
        if (commandOf(event.nativeEvent) !== 'F1') return
        event.preventDefault()
        // Else the page would open it again.
        event.stopPropagation()
        close()
      }}
    >
      <div className="px-5 pb-[18px]">
        <header className="sticky top-0 -mx-5 flex items-center justify-between bg-backdrop px-5 pt-3 pb-1">
          <h2 className="text-base/5 font-semibold">{title}</h2>
          <button
            type="button"
            className="control -me-2 bg-transparent underline underline-offset-[3px]"
            onClick={close}
            data-testid="close-help"
          >
            {PANEL_STRINGS.settings.close}
          </button>
        </header>
        {!gestures && <p className="text-xs/4 text-faint">{SAY.byHand}</p>}
        <div className="mt-3 grid grid-cols-[repeat(auto-fit,minmax(min(290px,100%),1fr))] gap-x-8 gap-y-3.5">
          {(gestures ? GESTURES : KEYS).map(([title, rows]) => (
            <section key={title} aria-label={title}>
              <h3 className="pb-1 text-xs/5 font-[560] text-faint">{title}</h3>
              <dl>
                {rows.map(([how, what]) => (
                  <div
                    key={what}
                    className="grid grid-cols-[128px_1fr] items-baseline gap-x-3 py-[3px]"
                  >
                    <dt className="flex min-w-0 flex-wrap gap-[3px] text-xs/5">
                      {gestures ? <b className="font-[560]">{how}</b> : <Keys keys={how} />}
                    </dt>
                    <dd>{what}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <p className="mt-3 text-xs/4 text-faint">{SAY.sealed}</p>
        {/* A tablet may have a keyboard. */}
        {touch && (
          <TextButton onClick={() => setGestures(!gestures)} data-testid="help-other">
            {gestures ? SAY.gestures.showKeys : SAY.gestures.showGestures}
          </TextButton>
        )}
      </div>
      <ScrollCue className="mx-0 [--foot:12px]" />
    </Modal>
  )
}

/*
 * All keys, on one sheet; `?` closes it too.
 */
import { commandOf } from '../../shared/keys/keys'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import { Modal } from '../../shared/ui/Modal'
import './help.css'

const SAY = PANEL_STRINGS.help
const { does, named } = SAY

/** `Shift+Enter` is one press of two keys, a space parts keys of which any does it. */
const GROUPS: readonly (readonly [string, readonly (readonly [keys: string, does: string])[]])[] = [
  [
    SAY.writing,
    [
      ['/', does.open],
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
      ['r', does.reply],
      ['f', does.follow],
      ['m', does.mute],
      ['Delete', does.putAway],
      ['Esc', does.leave],
    ],
  ],
  [
    SAY.opening,
    [
      ['.', does.people],
      [';', does.share],
      [':', does.channels],
      ['"', does.history],
      [',', does.settings],
      ['?', does.help],
      ['1 2 3 4 5 6', does.react],
      ['Tab', does.tab],
    ],
  ],
]

export function Help({ close }: { close(): void }) {
  return (
    <Modal
      className="help"
      label={SAY.title}
      testId="help-panel"
      close={close}
      onKeyDown={(event) => {
        if (commandOf(event.nativeEvent) !== '?') return
        event.preventDefault()
        // Else the page would take it for the key that opens.
        event.stopPropagation()
        close()
      }}
    >
      <div>
        <header>
          <h2>{SAY.title}</h2>
          <button type="button" className="control" onClick={close} data-testid="close-help">
            {PANEL_STRINGS.settings.close}
          </button>
        </header>
        <p className="why">{SAY.byHand}</p>
        <div className="help-groups">
          {GROUPS.map(([title, rows]) => (
            <section key={title} aria-label={title}>
              <h3>{title}</h3>
              <dl>
                {rows.map(([keys, what]) => (
                  <div key={what}>
                    <dt>
                      <Keys keys={keys} />
                    </dt>
                    <dd>{what}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </div>
    </Modal>
  )
}

function Keys({ keys }: { keys: string }) {
  return keys.split(' ').map((press) => (
    <kbd key={press} dir="ltr">
      {/* The plus of "Ctrl++" is a key; the other one joins two. */}
      {press
        .split(/\+(?=.)/)
        .map((key) => nameOf(key))
        .join(' ')}
    </kbd>
  ))
}

const nameOf = (key: string) => (Object.hasOwn(named, key) ? named[key as keyof typeof named] : key)

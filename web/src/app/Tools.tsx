/*
 * The tools at the lower edge. The panel that a tool opens is loaded when it is opened. A narrow page shows them
 * behind three dots, because it has little room.
 */
import { useRef, useState, type ReactNode } from 'react'
import { STRINGS } from '../shared/i18n/en'
import type { Panel } from '../stores/panels'
import { useApp, useOpen } from '../stores/hooks'
import { useEscape } from '../shared/ui/escape'

export function Tools() {
  const [shown, setShown] = useState(false)
  const more = useRef<HTMLButtonElement>(null)
  const hide = () => setShown(false)
  // The focus goes back first: a dialog that opens now returns it, when it closes, to what can still be seen.
  const leave = () => {
    if (!shown) return
    more.current?.focus()
    hide()
  }
  useEscape(shown, leave)
  return (
    <div className="relative" data-shown={shown || undefined}>
      {shown && <div className="scrim" onClick={hide} />}
      <button
        type="button"
        ref={more}
        className="control quiet relative hidden narrow:flex"
        aria-label={STRINGS.tools}
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
        data-testid="tools"
      >
        <svg className="line" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M4 10v.1M10 10v.1M16 10v.1" strokeWidth="2.6" />
        </svg>
      </button>
      <div
        className={`flex narrow:absolute narrow:start-0 narrow:bottom-[calc(100%+6px)] narrow:rounded-3xl narrow:forced-colors:border narrow:bg-backdrop narrow:px-1.5 narrow:py-0.5 narrow:motion-safe:animate-appear ${shown ? '' : 'narrow:hidden'}`}
        onClick={leave}
        data-testid="tool-row"
      >
        <Tool panel="history" name={STRINGS.history}>
          <path d="M10 6v4.2l2.6 1.8M3.8 7.4A7 7 0 1 1 3 10M3.4 4v3.6H7" />
        </Tool>
        <Tool panel="settings" name={STRINGS.settings}>
          <path d="M3 6.5h7m4 0h3M3 13.5h2.5m4 0H17" />
          <circle cx="12" cy="6.5" r="2" />
          <circle cx="7.5" cy="13.5" r="2" />
        </Tool>
        <Tool panel="help" name={STRINGS.help}>
          <path d="M7.3 7.4a2.8 2.8 0 1 1 4.3 2.4c-1 .7-1.6 1.2-1.6 2.4M10 15.4v.1" />
        </Tool>
      </div>
    </div>
  )
}

function Tool({ panel, name, children }: { panel: Panel; name: string; children: ReactNode }) {
  const { panels } = useApp()
  const open = useOpen(panel)
  return (
    <button
      type="button"
      className="control quiet narrow:bg-transparent"
      aria-label={name}
      title={name}
      aria-haspopup="dialog"
      aria-expanded={open}
      onClick={() => panels.toggle(panel)}
      data-testid={panel}
    >
      <svg className="line" viewBox="0 0 20 20" aria-hidden="true">
        {children}
      </svg>
    </button>
  )
}

/*
 * A panel under a control at the top. Its last row, which stays in sight, has a button that closes it; so do Escape, and the
 * scrim of its control at a press beside it.
 */
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { PANEL_STRINGS } from '../i18n/en-panels'
import { returnFocus, useEscape } from './escape'
import { ScrollCue } from './ScrollCue'

interface PanelProps {
  className?: string
  label: string
  testId: string
  close(): void
  /** buttons in the last row */
  actions?: ReactNode
  children: ReactNode
}

export function Panel({ className = '', label, testId, close, actions, children }: PanelProps) {
  const [opener] = useState(() => document.activeElement)
  const panel = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    // Opened by a key: it takes the focus. Opened by its control, it is next in the tab order anyway.
    if (!opener?.matches('[aria-expanded]')) panel.current?.focus({ preventScroll: true })
  }, [opener])
  const done = () => {
    close()
    returnFocus(opener)
  }
  useEscape(true, done)
  return (
    <section
      ref={panel}
      className={`panel ${className}`}
      tabIndex={-1}
      aria-label={label}
      data-testid={testId}
    >
      {children}
      <ScrollCue />
      <div className="panel-foot">
        {actions}
        <button
          type="button"
          className="control quiet ms-auto bg-transparent underline underline-offset-[3px]"
          onClick={done}
          data-testid="close-panel"
        >
          {PANEL_STRINGS.settings.close}
        </button>
      </div>
    </section>
  )
}

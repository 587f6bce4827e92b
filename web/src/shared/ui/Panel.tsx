/*
 * A panel under a control at the top: what lies behind it waits, a press beside it or Escape closes it.
 */
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { onEscape } from './keyboard'

interface PanelProps {
  label: string
  testId: string
  close(): void
  children: ReactNode
}

export function Panel({ label, testId, close, children }: PanelProps) {
  const [opener] = useState(() => document.activeElement)
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    // Opened by its key, from somewhere else: the focus comes along. Its control has it before it in the order of Tab.
    if (!opener?.matches('[aria-expanded]')) panel.current?.focus()
  }, [opener])
  useEffect(() => {
    return onEscape(() => {
      close()
      if (opener instanceof HTMLElement) opener.focus()
    })
  }, [close, opener])
  return (
    <>
      <div className="scrim" onClick={close} />
      <section ref={panel} className="panel" tabIndex={-1} aria-label={label} data-testid={testId}>
        {children}
      </section>
    </>
  )
}

/*
 * A panel under a control at the top. Escape closes it; the scrim of its control closes it at a press beside it.
 */
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { returnFocus, useEscape } from './escape'

interface PanelProps {
  className?: string
  label: string
  testId: string
  close(): void
  children: ReactNode
}

export function Panel({ className = '', label, testId, close, children }: PanelProps) {
  const [opener] = useState(() => document.activeElement)
  const panel = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    // Opened by a key: it takes the focus. Opened by its control, it is next in the tab order anyway.
    if (!opener?.matches('[aria-expanded]')) panel.current?.focus({ preventScroll: true })
  }, [opener])
  useEscape(true, () => {
    close()
    returnFocus(opener)
  })
  return (
    <section
      ref={panel}
      className={`panel ${className}`}
      tabIndex={-1}
      aria-label={label}
      data-testid={testId}
    >
      {children}
    </section>
  )
}

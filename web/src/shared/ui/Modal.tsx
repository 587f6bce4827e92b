/*
 * A modal `<dialog>`: the browser moves the focus in, keeps it there, and returns it. Escape and a press beside it close it.
 */
import {
  useLayoutEffect,
  useRef,
  type KeyboardEventHandler,
  type MouseEvent,
  type ReactNode,
} from 'react'
import { returnFocus } from './escape'

interface ModalProps {
  className: string
  label: string
  testId: string
  close(): void
  onKeyDown?: KeyboardEventHandler
  children: ReactNode
}

export function Modal({ className, label, testId, close, onKeyDown, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const element = dialog.current
    if (!element) return
    const opener = document.activeElement
    // Missing in Safari before 15.4: then it is shown as a panel.
    if ('showModal' in element) element.showModal()
    else (element as Element).setAttribute('open', '')
    // The dialog, not a control: its title is read first, and no key presses a control by accident.
    element.focus()
    return () => {
      // The browser returns the focus only if the dialog is closed before it is removed.
      element.close?.()
      // Chromium returns it to a text field without a text cursor: keys then type nothing. So it is given again.
      if (opener instanceof HTMLElement && document.activeElement === opener) opener.blur()
      returnFocus(opener)
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className={`panel ${className}`}
      tabIndex={-1}
      aria-label={label}
      onClose={(event) => !event.currentTarget.open && close()}
      onClick={(event) => isBeside(event) && close()}
      onKeyDown={onKeyDown}
      data-testid={testId}
    >
      {children}
    </dialog>
  )
}

/** A press on the backdrop has the dialog as its target, and is outside its box. */
function isBeside({ target, currentTarget, clientX: x, clientY: y }: MouseEvent) {
  const { left, top, right, bottom } = currentTarget.getBoundingClientRect()
  return target === currentTarget && (x < left || x > right || y < top || y > bottom)
}

/*
 * A modal dialog of the browser's own: the focus goes in, stays in, and returns to where it was; Escape
 * and a press beside it close it.
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
    // Safari before 15.4 has no dialogs: then it is a panel that is open.
    if ('showModal' in element) element.showModal()
    else (element as Element).setAttribute('open', '')
    // Its title is read first, and no control is pressed by accident.
    element.focus()
    return () => {
      // Closed before it is removed: only then does the browser return the focus.
      element.close?.()
      if (!opener?.isConnected) returnFocus(null)
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

/** A press on the backdrop is one on the dialog, outside its box. */
function isBeside({ target, currentTarget, clientX: x, clientY: y }: MouseEvent) {
  const { left, top, right, bottom } = currentTarget.getBoundingClientRect()
  return target === currentTarget && (x < left || x > right || y < top || y > bottom)
}

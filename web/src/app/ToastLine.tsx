/*
 * Says what was done, and offers to undo it (stores/toast.ts). It stays while the pointer or the focus is on it.
 */
import { useEffect, useState } from 'react'
import { useStore } from 'zustand'
import { PANEL_STRINGS } from '../shared/i18n/en-panels'
import { useApp } from '../stores/hooks'

const SAY = PANEL_STRINGS.message
const STAYS_MS = 8_000

export function ToastLine() {
  const { toast: toasts } = useApp()
  const toast = useStore(toasts.store, (s) => s.toast)
  const [held, setHeld] = useState(false)
  const id = toast?.id
  useEffect(() => {
    if (id === undefined || held) return
    const timer = setTimeout(toasts.close, STAYS_MS)
    return () => clearTimeout(timer)
  }, [toasts, id, held])
  if (!toast) return null
  return (
    <div
      key={toast.id}
      className="absolute inset-x-0 bottom-[max(64px,calc(env(safe-area-inset-bottom)+64px))] mx-auto flex w-fit max-w-[calc(100vw-20px)] motion-safe:animate-appear items-center gap-1 rounded-[14px] bg-ink ps-4 pe-1.5 text-sm/5 text-ground not-has-[button]:py-2.5 not-has-[button]:pe-4"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      data-testid="toast"
    >
      <span aria-hidden="true" className="truncate">
        {toast.text}
      </span>
      {toast.undo && (
        <button
          type="button"
          className="min-h-[34px] cursor-pointer px-2.5 font-semibold underline underline-offset-[3px] pointer-coarse:min-h-11"
          title={SAY.undoKey}
          onClick={() => {
            setHeld(false)
            toasts.undo()
          }}
          data-testid="undo"
        >
          {SAY.undo}
        </button>
      )}
    </div>
  )
}

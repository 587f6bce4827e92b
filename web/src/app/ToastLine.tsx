/*
 * Says what was done, and offers to undo it (stores/toast.ts). It stays while the pointer or the focus is on it.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { keepOffText } from '../features/canvas/off-text'
import { onMoved } from '../features/canvas/on-moved'
import { PANEL_STRINGS } from '../shared/i18n/en-panels'
import { createSizes } from '../shared/ui/resize'
import { useApp } from '../stores/hooks'

const SAY = PANEL_STRINGS.message
const STAYS_MS = 8_000
const LOOK_EVERY_MS = 100

export function ToastLine() {
  const app = useApp()
  const { toast: toasts } = app
  const line = useRef<HTMLDivElement>(null)
  const toast = useStore(toasts.store, (s) => s.toast)
  const [held, setHeld] = useState(false)
  const id = toast?.id
  useEffect(() => {
    if (id === undefined || held) return
    const timer = setTimeout(toasts.close, STAYS_MS)
    return () => clearTimeout(timer)
  }, [toasts, id, held])
  const canUndo = toast?.undo !== undefined
  useLayoutEffect(() => {
    if (id === undefined) return
    let seen: object | undefined
    const place = () => {
      const element = line.current
      if (!element) return
      const { view } = app.camera.store.getState()
      const anew = view !== seen
      seen = view
      // It must not move away while Undo is pressed.
      if (anew || !element.matches(':active, :focus-within'))
        keepOffText(element, view, canUndo, anew)
    }
    place()
    const stop = onMoved(app, LOOK_EVERY_MS, place)
    // What lies at the edges may grow.
    const sizes = createSizes(place)
    for (const edge of document.querySelectorAll('.edge')) sizes.observe(edge)
    return () => {
      sizes.disconnect()
      stop()
    }
  }, [app, id, canUndo])
  if (!toast) return null
  return (
    <div
      key={toast.id}
      ref={line}
      className="absolute inset-x-0 bottom-[calc(env(safe-area-inset-bottom)+64px)] mx-auto flex w-fit max-w-[calc(100vw-2*max(10px,env(safe-area-inset-left),env(safe-area-inset-right)))] motion-safe:animate-appear items-center gap-1 rounded-[14px] forced-colors:border bg-ink ps-4 pe-1.5 text-sm/5 text-ground not-has-[button]:py-2.5 not-has-[button]:pe-4 data-brief:ps-1.5 data-no-room:invisible"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      data-testid="toast"
    >
      <span aria-hidden="true" className="line-clamp-2 wrap-anywhere in-data-brief:hidden">
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

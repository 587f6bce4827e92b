/*
 * Says what was done, and offers to undo it (stores/toast.ts). It stays while the pointer or the focus is on it.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { freeTop } from '../features/canvas/free-top'
import { PANEL_STRINGS } from '../shared/i18n/en-panels'
import { useApp } from '../stores/hooks'

const SAY = PANEL_STRINGS.message
const STAYS_MS = 8_000
const APART_PX = 4
const STEP_PX = 12
/** No higher: the controls at the upper edge are there. */
const HIGHEST_PX = 48

export function ToastLine() {
  const { toast: toasts, camera } = useApp()
  const line = useRef<HTMLDivElement>(null)
  const toast = useStore(toasts.store, (s) => s.toast)
  const [held, setHeld] = useState(false)
  const id = toast?.id
  useEffect(() => {
    if (id === undefined || held) return
    const timer = setTimeout(toasts.close, STAYS_MS)
    return () => clearTimeout(timer)
  }, [toasts, id, held])
  useLayoutEffect(() => {
    // Once: it must not move away from a finger that is on its way to Undo.
    const place = () => line.current && liftOff(line.current, camera.store.getState().view.height)
    place()
    return camera.store.subscribe(({ view }, before) => view !== before.view && place())
  }, [camera, id])
  if (!toast) return null
  return (
    <div
      key={toast.id}
      ref={line}
      className="absolute inset-x-0 bottom-[max(64px,calc(env(safe-area-inset-bottom)+64px))] mx-auto flex w-fit max-w-[calc(100vw-20px)] motion-safe:animate-appear items-center gap-1 rounded-[14px] forced-colors:border bg-ink ps-4 pe-1.5 text-sm/5 text-ground not-has-[button]:py-2.5 not-has-[button]:pe-4"
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

/** Higher up, where it would cover what is read or pressed; where there is no such place, it stays at the lower edge. */
function liftOff(line: HTMLElement, height: number) {
  line.style.bottom = ''
  const lowest = line.offsetTop
  const tops = []
  for (let top = lowest; top >= HIGHEST_PX; top -= STEP_PX) tops.push(top)
  const top = freeTop(line, tops, APART_PX) ?? lowest
  if (top !== lowest) line.style.bottom = `${height - top - line.offsetHeight}px`
}

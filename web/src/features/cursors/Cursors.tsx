/*
 * Other people's cursors: a layer each while they are few (cursors/view/CursorLayers.tsx), one drawing when they are
 * many (cursors/view/CursorCrowd.tsx). A cursor that rests for long is removed.
 */
import { useEffect } from 'react'
import { useStore } from 'zustand'
import { useApp, useSettings } from '../../stores/hooks'
import { lazy } from '../../shared/ui/lazy'

const IDLE_CHECK_MS = 1_000

/** Above this many, a layer for each would cost frames. */
const LAYERS_MAX = 24

const CursorLayers = lazy(() => import('./view/lazy').then((it) => it.CursorLayers))
const CursorCrowd = lazy(() => import('./view/lazy').then((it) => it.CursorCrowd))

export function Cursors() {
  const app = useApp()
  const ids = useStore(app.cursors.store, (s) => s.ids)
  useEffect(() => {
    const idle = setInterval(() => {
      app.cursors.dropIdle()
      app.cursors.fade()
    }, IDLE_CHECK_MS)
    return () => clearInterval(idle)
  }, [app])
  const hidden = useSettings((s) => s.hideCursors)
  if (ids.length === 0 || hidden) return null
  return ids.length > LAYERS_MAX ? <CursorCrowd /> : <CursorLayers ids={ids} />
}

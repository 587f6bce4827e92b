/*
 * The zoom. Pressing the number goes to the middle of the channel.
 */
import { useStore } from 'zustand'
import { STRINGS } from '../../shared/i18n/en'
import { useApp } from '../../stores/hooks'

const STEP = 1.25

export function Zoom() {
  const { camera, navigation } = useApp()
  const percent = useStore(camera.store, (s) => Math.round(s.camera.zoom * 100))
  return (
    <div className="flex items-center">
      <button
        type="button"
        className="control quiet pointer-coarse:hidden"
        aria-label={STRINGS.zoomOut}
        onClick={() => camera.zoomMiddle(1 / STEP)}
      >
        −
      </button>
      <button
        type="button"
        className="control quiet tabular-nums"
        title={STRINGS.home}
        onClick={navigation.goHome}
        data-testid="zoom"
      >
        <span>{STRINGS.percent(percent / 100)}</span>
        <span className="sr-only">{`, ${STRINGS.home}`}</span>
      </button>
      <button
        type="button"
        className="control quiet pointer-coarse:hidden"
        aria-label={STRINGS.zoomIn}
        onClick={() => camera.zoomMiddle(STEP)}
      >
        +
      </button>
    </div>
  )
}

/*
 * How far away you are; pressing it brings you home.
 */
import { useStore } from 'zustand'
import { WORDS } from '../../shared/i18n/en'
import { useApp } from '../../stores/hooks'

const STEP = 1.25

export function Zoom() {
  const { camera, finding } = useApp()
  const percent = useStore(camera.store, (s) => Math.round(s.camera.zoom * 100))
  return (
    <div className="flex items-center">
      <button
        type="button"
        className="control quiet fine-only"
        aria-label={WORDS.zoomOut}
        onClick={() => camera.zoomMiddle(1 / STEP)}
      >
        −
      </button>
      <button
        type="button"
        className="control quiet tabular-nums"
        title={WORDS.home}
        onClick={finding.goHome}
        data-testid="zoom"
      >
        <span>{WORDS.percent(percent / 100)}</span>
        <span className="sr-only">{`, ${WORDS.home}`}</span>
      </button>
      <button
        type="button"
        className="control quiet fine-only"
        aria-label={WORDS.zoomIn}
        onClick={() => camera.zoomMiddle(STEP)}
      >
        +
      </button>
    </div>
  )
}

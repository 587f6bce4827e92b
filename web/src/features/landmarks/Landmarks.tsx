/*
 * The landmarks of the channel on the plane, behind all words. Panels list them for the keyboard and for screen readers.
 */
import { useMemo } from 'react'
import { useStore } from 'zustand'
import { useApp, useOrigin, useSession } from '../../stores/hooks'
import { zoomStep } from '../messages/model/window'
import { namedAt } from './model/landmarks'

export function Landmarks() {
  const { camera } = useApp()
  const origin = useOrigin()
  const landmarks = useSession((s) => s.rules.landmarks)
  const step = useStore(camera.store, (s) => zoomStep(s.camera.zoom))
  const named = useMemo(() => namedAt(landmarks, 2 ** (step / 2)), [landmarks, step])
  return landmarks.map(({ name, position: { x, y } }) => (
    <div
      key={name}
      className="anchor landmark"
      style={{ left: x - origin.x, top: y - origin.y }}
      aria-hidden="true"
      data-x={x}
      data-y={y}
      data-testid="landmark"
    >
      {named.has(name) && <bdi translate="no">{name}</bdi>}
    </div>
  ))
}

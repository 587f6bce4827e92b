/*
 * Going to a landmark.
 */
import type { App } from '../../stores/app'
import type { Landmark } from '@asocial/client/core/rules'

/** From far out it zooms in to where messages can be read. */
export function goToLandmark({ camera }: App, { position }: Landmark) {
  const { zoom } = camera.store.getState().camera
  camera.flyTo({ ...position, zoom: zoom < 0.5 ? 1 : zoom })
}

/*
 * The plane's size into the camera, and the camera into the world element: by subscription, not through React, so a pan
 * costs one style write a frame.
 */
import { counterScale, textScale, worldTransform } from '../features/canvas/model/camera'
import { createSizes } from '../shared/ui/resize'
import type { App } from '../stores/app'

/** how long after the last movement text is painted again, sharp at the new zoom */
const REST_MS = 160

export function followCamera(world: HTMLElement | null, app: App) {
  if (!world) return
  let restTimer: ReturnType<typeof setTimeout> | undefined
  let counter = 0
  const write = () => {
    const { camera, view, origin } = app.camera.store.getState()
    world.style.transform = worldTransform(camera, view, origin)
    const next = counterScale(camera.zoom)
    if (next !== counter) {
      counter = next
      // Each transformed message gets its own layer: only where the scale is not 1.
      world.toggleAttribute('data-countered', next !== 1)
      world.style.setProperty('--counter', next.toFixed(4))
    }
  }
  /** Text is broken into lines again when the zoom is over, not at each of its steps. */
  const wrap = () => {
    const { zoom } = app.camera.store.getState().camera
    world.style.setProperty('--text-scale', `${textScale(zoom)}`)
  }
  let movedAt = 0
  const rest = () => {
    const wait = movedAt + REST_MS - performance.now()
    restTimer = wait > 0 ? setTimeout(rest, wait) : undefined
    if (wait > 0) return
    delete world.dataset.moving
    wrap()
  }
  const moved = () => {
    write()
    movedAt = performance.now()
    if (restTimer !== undefined) return
    world.dataset.moving = ''
    restTimer = setTimeout(rest, REST_MS)
  }
  write()
  wrap()
  const stop = app.camera.store.subscribe(moved)
  return () => {
    clearTimeout(restTimer)
    stop()
  }
}

export function measure(plane: HTMLElement | null, app: App) {
  if (!plane) return
  const read = () => app.camera.setView({ width: plane.clientWidth, height: plane.clientHeight })
  read()
  const sizes = createSizes(read)
  sizes.observe(plane)
  return () => sizes.disconnect()
}

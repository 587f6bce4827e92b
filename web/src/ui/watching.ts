/*
 * Looking again when something moved, but not each time: for what is drawn from the camera, the
 * pointers and the talk together. Sleeps while all three do.
 */
import type { App } from '../state/app'

export function onMoved(app: App, everyMs: number, look: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0
  let looked = Number.NEGATIVE_INFINITY
  const draw = () => {
    asked = 0
    looked = performance.now()
    look()
  }
  const ask = () => {
    timer = undefined
    asked ||= requestAnimationFrame(draw)
  }
  const wake = () => {
    if (asked || timer !== undefined) return
    timer = setTimeout(ask, Math.max(0, looked + everyMs - performance.now()))
  }
  const stops = [
    app.camera.store.subscribe(wake),
    app.cursors.onWake(wake),
    app.cursors.store.subscribe(wake),
    app.talk.store.subscribe(wake),
    app.presence.store.subscribe(wake),
  ]
  wake()
  return () => {
    clearTimeout(timer)
    cancelAnimationFrame(asked)
    for (const stop of stops) stop()
  }
}

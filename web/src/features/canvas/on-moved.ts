/*
 * Looking again when something moved, but not each time: for what is drawn from the camera, the
 * pointers and the messages together. Sleeps while all three do.
 */
import type { App } from '../../stores/app'

/** Of the page's time that one look may take: what takes long, as in a crowd, is looked at less often. */
const SHARE = 1 / 40

export function onMoved(app: App, everyMs: number, look: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0
  let looked = Number.NEGATIVE_INFINITY
  let pause = everyMs
  const draw = () => {
    asked = 0
    looked = performance.now()
    look()
    pause = Math.max(everyMs, (performance.now() - looked) / SHARE)
  }
  const ask = () => {
    timer = undefined
    asked ||= requestAnimationFrame(draw)
  }
  const wake = () => {
    if (asked || timer !== undefined) return
    timer = setTimeout(ask, Math.max(0, looked + pause - performance.now()))
  }
  const stops = [
    app.camera.store.subscribe(wake),
    app.cursors.onWake(wake),
    app.cursors.store.subscribe(wake),
    app.messages.store.subscribe(wake),
    app.presence.store.subscribe(wake),
  ]
  wake()
  return () => {
    clearTimeout(timer)
    cancelAnimationFrame(asked)
    for (const stop of stops) stop()
  }
}

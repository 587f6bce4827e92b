/*
 * Calls back when the camera, the cursors, the messages, their notices or the presence changed, but only every so often: for
 * what is drawn from all of them. Idle while nothing changes.
 */
import type { App } from '../../stores/app'
import { notices } from '../messages/store/notices'

/** After a change, text has come to rest within this time: it is on the page, and moved into the view (nudge.ts). */
const AT_REST_MS = 450
/** The share of the page's time that it may take: a slow drawing, as in a crowd, is drawn less often. */
const SHARE = 1 / 40

export function onMoved(app: App, everyMs: number, look: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
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
  /** For what is measured on the page. */
  const changed = () => {
    wake()
    clearTimeout(again)
    again = setTimeout(wake, AT_REST_MS)
  }
  const stops = [
    app.camera.store.subscribe(changed),
    app.cursors.onWake(wake),
    app.cursors.store.subscribe(wake),
    app.messages.store.subscribe(changed),
    notices.subscribe(changed),
    app.presence.store.subscribe(wake),
    app.crowd.subscribe(wake),
  ]
  // Something may be on its way already.
  changed()
  return () => {
    clearTimeout(timer)
    clearTimeout(again)
    cancelAnimationFrame(asked)
    for (const stop of stops) stop()
  }
}

/*
 * A demonstration: invented people write on a piece of the canvas. It is made of the parts of the real page. Screen
 * readers and the Tab key skip it.
 */
import { useEffect, useLayoutEffect, useRef, type RefObject } from 'react'
import type { Size } from '../../features/canvas/model/camera'
import { clamp } from '../../features/canvas/model/camera'
import { DEMO_STRINGS } from '../../shared/i18n/en-sharing'
import { createDemo, type Stage } from '../../features/demo/store/demo'
import { useApp } from '../../stores/hooks'
import { Cursors } from '../../features/cursors/Cursors'
import { Grid } from '../../features/canvas/Grid'
import { followCamera, measure } from '../plane-view'
import { createSizes } from '../../shared/ui/resize'
import { Clusters, Leader } from '../others'
import { Messages } from '../../features/messages/Messages'

const MARGIN_PX = { side: 28, top: 64, foot: 20 }

interface DemoProps {
  receive: Stage['receive']
  /** stand: without motion, for people who asked for that */
  mode: 'play' | 'rest' | 'stand'
  /** what lies below the demonstration and must stay free */
  foot: RefObject<HTMLElement | null>
}

export function Demo({ receive, mode, foot }: DemoProps) {
  const app = useApp()
  const plane = useRef<HTMLDivElement>(null)
  const world = useRef<HTMLDivElement>(null)
  const room = useRef<Size>({ width: 0, height: 0 })
  const demo = useRef<ReturnType<typeof createDemo>>(undefined)

  useLayoutEffect(() => followCamera(world.current, app), [app])
  useLayoutEffect(() => measure(plane.current, app), [app])
  useLayoutEffect(() => {
    // The middle of the channel is in the middle of the room that is left.
    const frame = () => {
      const { view } = app.camera.store.getState()
      const below = foot.current?.offsetHeight ?? 0
      const height = Math.max(60, view.height - below - MARGIN_PX.top - MARGIN_PX.foot)
      const zoom = clamp(view.width / 1_150, 1, 1.35)
      room.current = {
        width: Math.max(0, view.width - 2 * MARGIN_PX.side) / zoom,
        height: height / zoom,
      }
      const middle = MARGIN_PX.top + height / 2
      app.camera.carry({ x: 0, y: (view.height / 2 - middle) / zoom, zoom })
    }
    const sizes = createSizes(frame)
    if (foot.current) sizes.observe(foot.current)
    frame()
    const stop = app.camera.store.subscribe((now, before) => {
      if (now.view !== before.view) frame()
    })
    return () => {
      sizes.disconnect()
      stop()
    }
  }, [app, foot])

  useEffect(() => {
    const playing = (demo.current ??= createDemo(
      { receive, now: app.now, room: () => room.current },
      DEMO_STRINGS,
    ))
    if (mode === 'stand') playing.stand()
    if (mode !== 'play') return
    const look = () => (document.visibilityState === 'hidden' ? playing.pause() : playing.play())
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      playing.pause()
    }
  }, [app, receive, mode])

  return (
    <div
      className="plane cursor-default"
      ref={plane}
      aria-hidden="true"
      inert
      data-testid="demo"
      data-mode={mode}
    >
      <Grid />
      <div className="world" ref={world}>
        <Messages Clusters={Clusters} Leader={Leader} />
      </div>
      <Cursors />
    </div>
  )
}

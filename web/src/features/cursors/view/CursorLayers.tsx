/*
 * A few cursors, a layer each, in screen space so that they do not scale. One animation loop moves them all by ref, and
 * stops while everything is still.
 */
import { useEffect, useLayoutEffect, useRef } from 'react'
import { worldToScreen } from '../../canvas/model/camera'
import { REST_MS, SIDES, sidesOf, stepOff, type Pointer, type Side } from '../model/labels'
import { idleOpacity, step } from '../model/motion'
import { ink } from '../../../shared/palette'
import { useApp, useProfile } from '../../../stores/hooks'
import { wordsOn } from '../../messages/boxes'
import { onMoved } from '../../canvas/on-moved'

const ASIDE_EVERY_MS = 140
/** a frame after a pause, or a hidden tab, is not one long frame */
const FRAME_MAX_MS = 64

export function CursorLayers({ ids }: { ids: readonly string[] }) {
  const app = useApp()
  const layer = useRef<HTMLDivElement>(null)

  // Before the first paint: else a new cursor would be seen in the corner.
  useLayoutEffect(() => {
    let asked = 0
    let last = 0
    const frame = (at: number) => {
      asked = 0
      const dt = Math.min(FRAME_MAX_MS, at - last)
      last = at
      let moving = false
      const { camera, view } = app.camera.store.getState()
      const now = app.now()
      for (const child of layer.current?.children ?? []) {
        const element = child as HTMLElement
        const mover = app.cursors.movers.get(element.dataset.userId ?? '')
        if (!mover) continue
        if (step(mover, mover.tx, mover.ty, dt)) moving = true
        const { x, y } = worldToScreen(camera, view, mover)
        element.style.transform = `translate3d(${x.toFixed(1)}px, ${y.toFixed(1)}px, 0)`
        const away = x < -200 || y < -60 || x > view.width + 60 || y > view.height + 60
        element.style.opacity =
          away || mover.hidden ? '0' : idleOpacity(now - mover.movedAt).toFixed(2)
      }
      if (moving) asked = requestAnimationFrame(frame)
    }
    const wake = () => {
      if (asked) return
      last = performance.now()
      asked = requestAnimationFrame(frame)
    }
    last = performance.now()
    frame(last)
    const stops = [
      app.cursors.onWake(wake),
      app.cursors.onFade(wake),
      app.camera.store.subscribe(wake),
    ]
    return () => {
      cancelAnimationFrame(asked)
      for (const stop of stops) stop()
    }
  }, [app, ids])

  // Cursors that rest, and names, move away from text, and names from each other. A name fades where no side is free.
  useEffect(() => {
    let rest: ReturnType<typeof setTimeout> | undefined
    const stop = onMoved(app, ASIDE_EVERY_MS, () => {
      const words = wordsOn(layer.current)
      const { camera, view } = app.camera.store.getState()
      clearTimeout(rest)
      rest = undefined
      const elements: HTMLElement[] = []
      const pointers: Pointer[] = []
      const before = new Map<string, Side>()
      for (const child of layer.current?.children ?? []) {
        const element = child as HTMLElement
        const id = element.dataset.userId ?? ''
        const mover = app.cursors.movers.get(id)
        const name = element.lastElementChild as HTMLElement | null
        if (!mover || mover.hidden || !name) continue
        // One that has faded away is in nobody's way.
        if (!idleOpacity(app.now() - mover.movedAt)) continue
        const { x, y } = worldToScreen(camera, view, mover)
        const rests = app.now() - mover.movedAt >= REST_MS
        if (!rests) rest ??= setTimeout(app.cursors.wake, REST_MS)
        const { dx, dy } = rests ? stepOff({ x, y }, words) : { dx: 0, dy: 0 }
        element.style.translate = `${dx}px ${dy}px`
        elements.push(element)
        pointers.push({ id, at: { x: x + dx, y: y + dy }, width: name.offsetWidth })
        const side = SIDES.find((each) => each === element.dataset.side)
        if (side) before.set(id, side)
      }
      const sides = sidesOf(pointers, words, before)
      for (const element of elements)
        element.dataset.side = sides.get(element.dataset.userId ?? '') ?? 'none'
    })
    return () => {
      clearTimeout(rest)
      stop()
    }
  }, [app, ids])

  return (
    <div className="cursors" ref={layer} aria-hidden="true" translate="no">
      {ids.map((id) => (
        <Cursor key={id} id={id} />
      ))}
    </div>
  )
}

function Cursor({ id }: { id: string }) {
  const profile = useProfile(id)
  return (
    <div
      className="cursor"
      data-testid="cursor"
      data-user-id={id}
      style={{ color: ink(profile?.color) }}
    >
      <i />
      <span>{profile?.name}</span>
    </div>
  )
}

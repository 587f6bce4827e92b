/*
 * Mouse, pen, fingers, wheel and trackpad, as movements of the camera (rules: canvas/model/gestures.ts).
 *
 * Pointer events only, so that mouse, pen and fingers share one code path. Moves are listened to on the window, because a
 * message under a finger may vanish while the finger is down. Listeners are not passive: the page itself must never zoom or scroll.
 */
import { useLayoutEffect, type RefObject } from 'react'
import type { Point } from './model/camera'
import { carry, NO_GRIP, press, release } from './model/gestures'
import { useApp } from '../../stores/hooks'
import { isKept } from './held'

/** Safari's own event of a pinch on a trackpad; other browsers send a wheel with ctrl. */
interface TrackpadPinch extends UIEvent {
  readonly scale: number
  readonly clientX: number
  readonly clientY: number
}

/** Captures the pointer, if it is still there and the browser can. */
export function capture(element: Element, pointerId: number) {
  try {
    element.setPointerCapture(pointerId)
  } catch {
    // The window gets its moves anyway.
  }
}

/** `dragged` tells a click that it was the end of a movement. */
export function useGestures(
  plane: RefObject<HTMLElement | null>,
  dragged: RefObject<boolean>,
  local: (clientX: number, clientY: number) => Point,
) {
  const app = useApp()
  useLayoutEffect(() => {
    const element = plane.current
    if (!element) return
    let grip = NO_GRIP
    let pinchedFrom = 1
    const zoomNow = () => app.camera.store.getState().camera.zoom

    const onDown = (event: PointerEvent) => {
      if (event.isPrimary) dragged.current = false
      if (event.button > 1 || isKept(event)) return
      // What is pressed must not fly away.
      app.camera.land()
      grip = press(grip, event.pointerId, local(event.clientX, event.clientY), zoomNow())
      if (grip.moving) dragged.current = true
    }
    const onMove = (event: PointerEvent) => {
      if (!grip.points.has(event.pointerId)) return
      // Released outside the window.
      if (event.buttons === 0) return onUp(event)
      const moved = carry(grip, event.pointerId, local(event.clientX, event.clientY))
      const begins = moved.grip.moving && !grip.moving
      grip = moved.grip
      if (!moved.by) return
      dragged.current = true
      // Not earlier: the click of a press without a drag belongs to the pressed element.
      if (begins) capture(element, event.pointerId)
      const { dx, dy, at, zoom } = moved.by
      app.camera.pan(dx, dy)
      if (zoom !== undefined) app.camera.zoomAt(at, zoom)
    }
    const onUp = (event: PointerEvent) => {
      grip = release(grip, event.pointerId, zoomNow())
    }

    const onWheel = (event: WheelEvent) => {
      event.preventDefault()
      const unit = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 400 : 1
      const dx = event.deltaX * unit
      const dy = event.deltaY * unit
      if (event.ctrlKey || event.metaKey) {
        const step = Math.max(-40, Math.min(40, dy))
        app.camera.zoomAt(local(event.clientX, event.clientY), zoomNow() * Math.exp(-step * 0.01))
      } else if (event.shiftKey && dx === 0) app.camera.pan(-dy, 0)
      else app.camera.pan(-dx, -dy)
    }

    const onPinchStart = () => {
      pinchedFrom = zoomNow()
    }
    const onPinch = (event: Event) => {
      // Fingers on a screen send pointer events too.
      if (grip.points.size > 0) return
      const { scale, clientX, clientY } = event as TrackpadPinch
      app.camera.zoomAt(local(clientX, clientY), pinchedFrom * scale)
    }

    element.addEventListener('pointerdown', onDown)
    window.addEventListener('pointermove', onMove)
    window.addEventListener('pointerup', onUp)
    window.addEventListener('pointercancel', onUp)
    element.addEventListener('wheel', onWheel, { passive: false })
    element.addEventListener('gesturestart', onPinchStart)
    element.addEventListener('gesturechange', onPinch)
    return () => {
      element.removeEventListener('pointerdown', onDown)
      window.removeEventListener('pointermove', onMove)
      window.removeEventListener('pointerup', onUp)
      window.removeEventListener('pointercancel', onUp)
      element.removeEventListener('wheel', onWheel)
      element.removeEventListener('gesturestart', onPinchStart)
      element.removeEventListener('gesturechange', onPinch)
    }
  }, [app, plane, dragged, local])
}

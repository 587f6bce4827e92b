/*
 * The dots: a canvas below the world, drawn on whole device pixels so that they are sharp at every zoom. There are two
 * levels; the finer one fades in as the zoom grows.
 *
 * The dots repeat, so a pan only moves the drawing, which is one period larger than the view. A change of the zoom or of
 * the view draws it again.
 */
import { useLayoutEffect, useRef } from 'react'
import { gridLevels, screenToWorld, worldToScreen } from './model/camera'
import { useApp } from '../../stores/hooks'
import { onDark } from '../../shared/ui/theme'

const DOT_PX = 1.5
/** px; no period is longer (canvas/model/camera.ts), so a zoom never resizes the canvas */
const PERIOD_MAX_PX = 91

export function Grid() {
  const app = useApp()
  const ref = useRef<HTMLCanvasElement>(null)
  const ring = useRef<HTMLElement>(null)

  useLayoutEffect(() => {
    const canvas = ref.current
    const context = canvas?.getContext('2d')
    if (!canvas || !context) return
    let asked = 0
    let color = ''
    /** what the drawing was made for */
    let drawn = ''

    const draw = () => {
      const { camera, view } = app.camera.store.getState()
      const ratio = window.devicePixelRatio || 1
      const width = Math.ceil((view.width + PERIOD_MAX_PX) * ratio)
      const height = Math.ceil((view.height + PERIOD_MAX_PX) * ratio)
      const next = [camera.zoom, width, height, ratio, color].join()
      if (next === drawn) return
      drawn = next
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width
        canvas.height = height
        canvas.style.width = `${width / ratio}px`
        canvas.style.height = `${height / ratio}px`
      }
      context.clearRect(0, 0, width, height)
      context.fillStyle = color
      const dot = Math.max(1, Math.round(DOT_PX * ratio))
      for (const [level, { step, strength }] of gridLevels(camera.zoom).entries()) {
        if (strength <= 0.02) continue
        context.globalAlpha = strength
        const apart = step * camera.zoom * ratio
        for (let j = 0; j * apart < height; j += 1) {
          for (let i = 0; i * apart < width; i += 1) {
            // Every second dot of the finer level is one of the coarser.
            if (level > 0 && i % 2 === 0 && j % 2 === 0) continue
            context.fillRect(Math.round(i * apart), Math.round(j * apart), dot, dot)
          }
        }
      }
    }
    const show = () => {
      asked = 0
      const { camera, view } = app.camera.store.getState()
      const ratio = window.devicePixelRatio || 1
      const coarse = gridLevels(camera.zoom)[0]?.step ?? 64
      draw()
      const { x, y } = screenToWorld(camera, view, { x: 0, y: 0 })
      const corner = { x: Math.floor(x / coarse) * coarse, y: Math.floor(y / coarse) * coarse }
      const put = (element: HTMLElement | null, world: { x: number; y: number }) => {
        const at = worldToScreen(camera, view, world)
        const [left, top] = [at.x, at.y].map((value) => Math.round(value * ratio) / ratio)
        if (element) element.style.transform = `translate(${left}px, ${top}px)`
      }
      put(canvas, corner)
      put(ring.current, { x: 0, y: 0 })
    }
    const ask = () => {
      asked ||= requestAnimationFrame(show)
    }
    const readColor = () => {
      color = getComputedStyle(canvas).color
      ask()
    }
    const stopDark = onDark(readColor)
    window.addEventListener('resize', ask)
    readColor()
    const stop = app.camera.store.subscribe(ask)
    return () => {
      cancelAnimationFrame(asked)
      stopDark()
      window.removeEventListener('resize', ask)
      stop()
    }
  }, [app])

  return (
    <div className="plane-grid" aria-hidden="true">
      <canvas className="grid-dots" ref={ref} data-testid="grid" />
      {/* The middle of the channel, for orientation. */}
      <i className="grid-home" ref={ring} />
    </div>
  )
}

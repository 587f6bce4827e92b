/*
 * The dots: a canvas under the world, drawn on whole device pixels so that they are crisp at
 * every zoom. Two levels, the finer one fading in as it opens, so the grid stays quiet.
 */
import { useLayoutEffect, useRef } from 'react'
import { gridLevels, screenToWorld, worldToScreen } from '../domain/camera'
import { useApp } from './app'

export function Grid() {
  const app = useApp()
  const ref = useRef<HTMLCanvasElement>(null)

  useLayoutEffect(() => {
    const canvas = ref.current
    const context = canvas?.getContext('2d')
    if (!canvas || !context) return
    let asked = 0
    let color = ''

    const draw = () => {
      asked = 0
      const { camera, view } = app.camera.store.getState()
      const ratio = window.devicePixelRatio || 1
      const width = Math.round(view.width * ratio)
      const height = Math.round(view.height * ratio)
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width
        canvas.height = height
      }
      context.clearRect(0, 0, width, height)
      context.fillStyle = color
      const dot = Math.max(1, Math.round(1.5 * ratio))
      const corner = screenToWorld(camera, view, { x: 0, y: 0 })
      const coarse = gridLevels(camera.zoom)[0]?.step ?? 64
      for (const { step, strength } of gridLevels(camera.zoom)) {
        if (strength <= 0.02) continue
        context.globalAlpha = strength
        const left = Math.floor(corner.x / step)
        const top = Math.floor(corner.y / step)
        const columns = view.width / camera.zoom / step + 1
        const rows = view.height / camera.zoom / step + 1
        for (let j = 0; j <= rows; j += 1) {
          const wy = (top + j) * step
          for (let i = 0; i <= columns; i += 1) {
            const wx = (left + i) * step
            if (step !== coarse && wx % coarse === 0 && wy % coarse === 0) continue
            const at = worldToScreen(camera, view, { x: wx, y: wy })
            context.fillRect(Math.round(at.x * ratio), Math.round(at.y * ratio), dot, dot)
          }
        }
      }
      // The middle of the channel, to find one's way by.
      const home = worldToScreen(camera, view, { x: 0, y: 0 })
      context.globalAlpha = 1
      context.strokeStyle = color
      context.lineWidth = ratio
      context.beginPath()
      context.arc(
        Math.round(home.x * ratio) + dot / 2,
        Math.round(home.y * ratio) + dot / 2,
        5 * ratio,
        0,
        7,
      )
      context.stroke()
    }
    const ask = () => {
      asked ||= requestAnimationFrame(draw)
    }
    const readColor = () => {
      color = getComputedStyle(canvas).color
      ask()
    }
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', readColor)
    window.addEventListener('resize', ask)
    readColor()
    const stop = app.camera.store.subscribe(ask)
    return () => {
      cancelAnimationFrame(asked)
      dark.removeEventListener('change', readColor)
      window.removeEventListener('resize', ask)
      stop()
    }
  }, [app])

  return <canvas className="grid-dots" ref={ref} aria-hidden="true" data-testid="grid" />
}

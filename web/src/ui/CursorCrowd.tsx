/*
 * Many pointers: one canvas instead of a layer for each. A pointer's dot and name are drawn once and
 * then only copied to where they are.
 */
import { useLayoutEffect, useRef } from 'react'
import { worldToScreen } from '../domain/camera'
import { idleOpacity, step } from '../domain/motion'
import { shadeOf } from '../domain/palette'
import { useApp } from './app'

const FRAME_MAX_MS = 64
const SPRITE = { width: 150, height: 34, x: 10, y: 10 }

interface Sprite {
  readonly look: string
  readonly image: HTMLCanvasElement
}

export function CursorCrowd() {
  const app = useApp()
  const canvas = useRef<HTMLCanvasElement>(null)

  useLayoutEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context) return
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const sprites = new Map<string, Sprite>()
    let asked = 0
    let last = 0

    const spriteOf = (id: string, ratio: number): HTMLCanvasElement => {
      const profile = app.presence.profile(id)
      const look = `${profile?.name} ${profile?.color} ${dark.matches} ${ratio}`
      const known = sprites.get(id)
      if (known?.look === look) return known.image
      const style = getComputedStyle(element)
      const ink = shadeOf(profile?.color, dark.matches, style.color)
      const image = drawn(profile?.name ?? '', ink, style.borderTopColor, style.fontFamily, ratio)
      sprites.set(id, { look, image })
      return image
    }

    const frame = (at: number) => {
      asked = 0
      const dt = Math.min(FRAME_MAX_MS, at - last)
      last = at
      const { camera, view } = app.camera.store.getState()
      const ratio = window.devicePixelRatio || 1
      const width = Math.round(view.width * ratio)
      const height = Math.round(view.height * ratio)
      if (element.width !== width || element.height !== height) {
        element.width = width
        element.height = height
      } else context.clearRect(0, 0, width, height)
      const now = app.now()
      let moving = false
      for (const [id, mover] of app.cursors.movers) {
        if (step(mover, mover.tx, mover.ty, dt)) moving = true
        if (mover.hushed) continue
        const { x, y } = worldToScreen(camera, view, mover)
        if (x < -150 || y < -30 || x > view.width + 20 || y > view.height + 20) continue
        context.globalAlpha = idleOpacity(now - mover.movedAt)
        const left = Math.round((x - SPRITE.x) * ratio)
        context.drawImage(spriteOf(id, ratio), left, Math.round((y - SPRITE.y) * ratio))
      }
      if (moving) asked = requestAnimationFrame(frame)
    }
    const wake = () => {
      if (asked) return
      last = performance.now()
      asked = requestAnimationFrame(frame)
    }
    wake()
    const stops = [app.cursors.onWake(wake), app.camera.store.subscribe(wake)]
    return () => {
      cancelAnimationFrame(asked)
      for (const stop of stops) stop()
    }
  }, [app])

  return (
    <canvas className="cursor-crowd" ref={canvas} aria-hidden="true" data-testid="cursor-crowd" />
  )
}

function drawn(name: string, ink: string, ground: string, font: string, ratio: number) {
  const image = document.createElement('canvas')
  image.width = SPRITE.width * ratio
  image.height = SPRITE.height * ratio
  const context = image.getContext('2d')
  if (!context) return image
  context.scale(ratio, ratio)
  const disc = (radius: number, color: string) => {
    context.fillStyle = color
    context.beginPath()
    context.arc(SPRITE.x, SPRITE.y, radius, 0, 7)
    context.fill()
  }
  disc(8, ground)
  disc(6, ink)
  context.font = `560 12px ${font}`
  context.lineJoin = 'round'
  context.lineWidth = 3
  context.strokeStyle = ground
  context.strokeText(name, SPRITE.x + 9, SPRITE.y + 17, SPRITE.width - 22)
  context.fillStyle = ink
  context.fillText(name, SPRITE.x + 9, SPRITE.y + 17, SPRITE.width - 22)
  return image
}

/*
 * Many cursors: one canvas instead of a layer for each. Dot and name are drawn once, and then only copied.
 */
import { useLayoutEffect, useRef } from 'react'
import { worldToScreen } from '../../canvas/model/camera'
import { REST_MS, shownNames, stepOff, type Pointer } from '../model/labels'
import type { Offset } from '../../canvas/model/boxes'
import { idleOpacity, step } from '../model/motion'
import { shadeOf } from '../../../shared/palette'
import { useApp } from '../../../stores/hooks'
import { isDark, onDark } from '../../../shared/ui/theme'
import { wordsOn } from '../../messages/boxes'
import { onMoved } from '../../canvas/on-moved'

const FRAME_MAX_MS = 64
/** how often names that cover text are looked for */
const ASIDE_EVERY_MS = 400
/** the part of a sprite that has only the dot */
const DOT_PX = 18
const NAME_MAX_PX = 128
const SPRITE = { width: 150, height: 34, x: 10, y: 10 }

interface Sprite {
  readonly look: string
  readonly image: CanvasImageSource
  /** of the name in it, CSS px */
  readonly width: number
}

export function CursorCrowd() {
  const app = useApp()
  const canvas = useRef<HTMLCanvasElement>(null)

  useLayoutEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context) return
    const sprites = new Map<string, Sprite>()
    /** users whose name is shown */
    let named: ReadonlySet<string> = new Set()
    /** of cursors that rest on text */
    const asides = new Map<string, Offset>()
    let dark = isDark()
    let asked = 0
    let last = 0
    let rest: ReturnType<typeof setTimeout> | undefined

    const spriteOf = (id: string, ratio: number): Sprite => {
      const profile = app.presence.profile(id)
      const look = `${profile?.name} ${profile?.color} ${dark} ${ratio}`
      const known = sprites.get(id)
      if (known?.look === look) return known
      const style = getComputedStyle(element)
      const ink = shadeOf(profile?.color, dark, style.color)
      const name = profile?.name ?? ''
      const { image, width } = drawn(name, ink, style.borderTopColor, style.fontFamily, ratio)
      const sprite = { look, image, width }
      sprites.set(id, sprite)
      return sprite
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
        if (mover.hidden) continue
        const at = worldToScreen(camera, view, mover)
        const aside = asides.get(id)
        const [x, y] = [at.x + (aside?.dx ?? 0), at.y + (aside?.dy ?? 0)]
        if (x < -150 || y < -30 || x > view.width + 20 || y > view.height + 20) continue
        context.globalAlpha = idleOpacity(now - mover.movedAt)
        const left = Math.round((x - SPRITE.x) * ratio)
        const top = Math.round((y - SPRITE.y) * ratio)
        const { image } = spriteOf(id, ratio)
        const dot = DOT_PX * ratio
        if (named.has(id)) context.drawImage(image, left, top)
        else context.drawImage(image, 0, 0, dot, dot, left, top, dot, dot)
      }
      if (moving) asked = requestAnimationFrame(frame)
    }
    const wake = () => {
      if (asked) return
      last = performance.now()
      asked = requestAnimationFrame(frame)
    }
    wake()
    const look = () => {
      const words = wordsOn(element)
      const { camera, view } = app.camera.store.getState()
      const ratio = window.devicePixelRatio || 1
      asides.clear()
      clearTimeout(rest)
      rest = undefined
      const pointers: Pointer[] = []
      for (const [id, mover] of app.cursors.movers) {
        if (mover.hidden) continue
        const { width } = spriteOf(id, ratio)
        let at = worldToScreen(camera, view, mover)
        const rests = app.now() - mover.movedAt >= REST_MS
        if (!rests) rest ??= setTimeout(app.cursors.wake, REST_MS)
        else {
          const aside = stepOff(at, words)
          if (aside.dx !== 0 || aside.dy !== 0) asides.set(id, aside)
          at = { x: at.x + aside.dx, y: at.y + aside.dy }
        }
        pointers.push({ id, at, width })
      }
      named = shownNames(pointers, words, named)
      wake()
    }
    const redraw = () => {
      dark = isDark()
      wake()
    }
    const stops = [
      onDark(redraw),
      app.cursors.onWake(wake),
      app.cursors.onFade(wake),
      app.camera.store.subscribe(wake),
      onMoved(app, ASIDE_EVERY_MS, look),
    ]
    return () => {
      cancelAnimationFrame(asked)
      clearTimeout(rest)
      for (const stop of stops) stop()
    }
  }, [app])

  return (
    <canvas className="cursor-crowd" ref={canvas} aria-hidden="true" data-testid="cursor-crowd" />
  )
}

function drawn(name: string, ink: string, ground: string, font: string, ratio: number) {
  const easel = easelOf(SPRITE.width * ratio, SPRITE.height * ratio)
  const context = easel.getContext('2d') as OffscreenCanvasRenderingContext2D | null
  if (!context) return { image: easel, width: 0 }
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
  context.strokeText(name, SPRITE.x + 9, SPRITE.y + 17, NAME_MAX_PX)
  context.fillStyle = ink
  context.fillText(name, SPRITE.x + 9, SPRITE.y + 17, NAME_MAX_PX)
  const width = Math.min(NAME_MAX_PX, context.measureText(name).width)
  // Copying from a bitmap is faster than from a canvas.
  return { image: 'transferToImageBitmap' in easel ? easel.transferToImageBitmap() : easel, width }
}

/** OffscreenCanvas is missing in Safari before 16.4. */
function easelOf(width: number, height: number): OffscreenCanvas | HTMLCanvasElement {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(width, height)
  return Object.assign(document.createElement('canvas'), { width, height })
}

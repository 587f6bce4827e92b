/*
 * The minimap: people and live messages around the view, drawn on a canvas. A press or a drag moves the view there; the map
 * itself stays while it is pressed. It is hidden while everybody is in view, and where it would cover text; also while you
 * write, and on short screens (navigation.css).
 */
import { useLayoutEffect, useRef, type KeyboardEvent, type PointerEvent } from 'react'
import { meet } from '../canvas/model/boxes'
import { isSeen, type Point } from '../canvas/model/camera'
import { plainCommandOf } from '../../shared/keys/keys'
import { shadeOf } from '../../shared/palette'
import { fromMinimap, toMinimap, minimapOf, type Minimap as Map } from './model/minimap'
import { isOnMap, spotsFor } from './store/finding'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import type { Spot } from './model/spots'
import type { App } from '../../stores/app'
import { useApp } from '../../stores/hooks'
import { capture } from '../canvas/gestures'
import { isDark, onDark } from '../../shared/ui/theme'
import { onMoved } from '../canvas/on-moved'
import { textBoxes } from '../canvas/text-boxes'

const LOOK_EVERY_MS = 66
const PAN_PX = 80
/** a landmark, around its point */
const DIAMOND = [
  [0, -3.5],
  [3.5, 0],
  [0, 3.5],
  [-3.5, 0],
] as const
const ARROWS: Record<string, readonly [number, number] | undefined> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
}

export function Minimap() {
  const app = useApp()
  const canvas = useRef<HTMLCanvasElement>(null)
  const map = useRef<Map>(undefined)
  const held = useRef<Map>(undefined)

  useLayoutEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context) return
    const draw = () => {
      const size = { width: element.clientWidth, height: element.clientHeight }
      const ratio = window.devicePixelRatio || 1
      if (element.width !== Math.round(size.width * ratio)) {
        element.width = Math.round(size.width * ratio)
        element.height = Math.round(size.height * ratio)
      }
      const { camera, view } = app.camera.store.getState()
      const spots = spotsFor(app)
      element.parentElement?.toggleAttribute('data-idle', isIdle(app, spots, element))
      const now =
        held.current ??
        minimapOf(
          camera,
          view,
          size,
          spots.map(({ at }) => at),
        )
      map.current = now
      const style = getComputedStyle(element)
      const faint = style.color
      const dark = isDark()
      const ground = style.borderTopColor
      context.setTransform(ratio, 0, 0, ratio, 0, 0)
      context.clearRect(0, 0, size.width, size.height)

      const dot = (at: Point, radius: number, color: string, alpha: number) => {
        const { x, y } = toMinimap(now, at)
        context.globalAlpha = alpha
        context.fillStyle = color
        context.beginPath()
        context.arc(x, y, radius, 0, 7)
        context.fill()
      }
      const self = app.session.store.getState().userId
      const { entries } = app.messages.store.getState().messages
      const profile = (userId: string | undefined) =>
        userId === undefined ? undefined : app.presence.profile(userId)
      const colorOf = (userId: string | undefined, other?: string) =>
        shadeOf(profile(userId)?.color ?? other, dark, faint)

      const eye = toMinimap(now, camera)
      const width = Math.max(9, (view.width / camera.zoom) * now.scale)
      const height = Math.max(6, (view.height / camera.zoom) * now.scale)
      context.globalAlpha = 0.8
      context.strokeStyle = faint
      context.lineWidth = 1
      context.beginPath()
      const [left, top] = [eye.x - width / 2, eye.y - height / 2]
      // Firefox before 112 and Safari before 16 draw it with corners.
      if ('roundRect' in context) context.roundRect(left, top, width, height, 3)
      else (context as CanvasRenderingContext2D).rect(left, top, width, height)
      context.stroke()

      // Messages as wide, soft dots; people above them as small ones.
      for (const entry of entries.values()) {
        const { userId, at, color, mine } = entry
        if (!mine && !isOnMap(app.presence, entry)) continue
        dot(at, 5, colorOf(mine ? self : userId, color), 0.3)
      }
      const home = toMinimap(now, { x: 0, y: 0 })
      context.globalAlpha = 0.8
      context.strokeStyle = faint
      context.lineWidth = 1
      context.beginPath()
      context.arc(home.x, home.y, 2.5, 0, 7)
      context.stroke()
      for (const { position } of app.session.store.getState().rules.landmarks) {
        const { x, y } = toMinimap(now, position)
        context.beginPath()
        for (const [dx, dy] of DIAMOND) context.lineTo(x + dx, y + dy)
        context.closePath()
        context.stroke()
      }
      for (const { userId, at, kind, typing, people = 0, messages = 0 } of spots) {
        if (kind === 'place') {
          // The more are there, the larger: as wide and soft as messages, as dense as people.
          if (messages > 0) dot(at, Math.min(6, 3 + Math.sqrt(messages)), faint, 0.15)
          if (people > 0) dot(at, Math.min(4, 0.75 + Math.sqrt(people) / 3), faint, 0.45)
          continue
        }
        if (kind !== 'person') continue
        if (typing) dot(at, 6.5, colorOf(userId), 0.35)
        dot(at, 4, ground, 1)
        dot(at, 2.75, colorOf(userId), 1)
      }
    }
    const stops = [
      app.session.store.subscribe((s, before) => s.rules !== before.rules && draw()),
      onDark(draw),
      onMoved(app, LOOK_EVERY_MS, draw),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }, [app])

  const look = (event: PointerEvent<HTMLElement>) => {
    const box = canvas.current?.getBoundingClientRect()
    if (!box || !held.current) return
    const point = { x: event.clientX - box.left, y: event.clientY - box.top }
    const { zoom } = app.camera.store.getState().camera
    app.camera.set({ ...fromMinimap(held.current, point), zoom })
  }
  const release = () => {
    held.current = undefined
    // Draws the map around the new view.
    app.camera.carry(app.camera.store.getState().camera)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const arrow = ARROWS[plainCommandOf(event.nativeEvent)]
    if (!arrow) return
    event.preventDefault()
    app.camera.pan(arrow[0] * PAN_PX, arrow[1] * PAN_PX)
  }
  return (
    <button
      type="button"
      className="minimap"
      aria-label={OTHERS_STRINGS.minimap}
      onPointerDown={(event) => {
        if (event.button !== 0) return
        capture(event.currentTarget, event.pointerId)
        held.current = map.current
        look(event)
      }}
      onPointerMove={look}
      onPointerUp={release}
      onPointerCancel={release}
      onKeyDown={onKeyDown}
      // `detail` is 0 when a key pressed it.
      onClick={(event) => event.detail === 0 && app.navigation.goToNearest()}
      data-testid="minimap"
    >
      <canvas ref={canvas} aria-hidden="true" />
    </button>
  )
}

/** Nobody is outside the view, or the map would cover text. */
function isIdle(app: App, spots: readonly Spot[], map: HTMLElement): boolean {
  const { camera, view } = app.camera.store.getState()
  if (spots.every(({ at }) => isSeen(camera, view, at))) return true
  const corner = map.closest('.page')?.getBoundingClientRect()
  if (!corner) return false
  const { left, top, right, bottom } = map.getBoundingClientRect()
  const box = {
    left: left - corner.left,
    top: top - corner.top,
    right: right - corner.left,
    bottom: bottom - corner.top,
  }
  return textBoxes().some((text) => meet(text, box))
}

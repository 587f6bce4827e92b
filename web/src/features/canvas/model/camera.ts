/*
 * The camera: which part of the endless plane the screen shows.
 *
 * A camera is the world point in the middle of the viewport, and a zoom. World units are CSS
 * pixels at zoom 1, x to the right, y downwards (W9). It keeps the
 * middle, not a corner, so that the middle stays when the window or a phone's keyboard changes the size.
 *
 * Far from the middle of the world, screen coordinates lose precision in the browser's 32-bit
 * transforms. The world element is therefore laid out around an `origin` near the camera,
 * which moves in steps of ORIGIN_STEP, so no number the browser sees grows large.
 *
 * Pure: no DOM, no clocks.
 */
import { rounded } from '@asocial/client/core/frames'
import { POSITION_LIMIT } from '@asocial/client/core/wire'
import type { Box } from './boxes'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Camera extends Point {
  readonly zoom: number
}

export const ZOOM_MIN = 0.1
export const ZOOM_MAX = 4
export const HOME: Camera = { x: 0, y: 0, zoom: 1 }

const ORIGIN_STEP = 65_536
/** The size of text at zoom 1; see `textScale`. */
export const TEXT_PX = 21
/** A point this far inside the view, screen pixels, can be seen. */
const SEEN_PX = 12
const TEXT_SCALE_MIN = 0.72
const TEXT_SCALE_MAX = 1.8

export function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value))
}

export function clampCamera(camera: Camera): Camera {
  return {
    x: clamp(camera.x, -POSITION_LIMIT, POSITION_LIMIT),
    y: clamp(camera.y, -POSITION_LIMIT, POSITION_LIMIT),
    zoom: clamp(camera.zoom, ZOOM_MIN, ZOOM_MAX),
  }
}

export function screenToWorld(camera: Camera, view: Size, point: Point): Point {
  return {
    x: camera.x + (point.x - view.width / 2) / camera.zoom,
    y: camera.y + (point.y - view.height / 2) / camera.zoom,
  }
}

export function worldToScreen(camera: Camera, view: Size, point: Point): Point {
  return {
    x: (point.x - camera.x) * camera.zoom + view.width / 2,
    y: (point.y - camera.y) * camera.zoom + view.height / 2,
  }
}

export const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y)

export function isSeen(camera: Camera, view: Size, at: Point): boolean {
  const { x, y } = worldToScreen(camera, view, at)
  return x >= SEEN_PX && y >= SEEN_PX && x <= view.width - SEEN_PX && y <= view.height - SEEN_PX
}

/** How far away `at` is, in views at this zoom: 1 is just beside what is shown. */
export function screensAway(camera: Camera, view: Size, at: Point): number {
  return Math.max(
    (Math.abs(at.x - camera.x) * camera.zoom) / view.width,
    (Math.abs(at.y - camera.y) * camera.zoom) / view.height,
  )
}

/** Moves what is on screen by (dx, dy) screen pixels. */
export function panBy(camera: Camera, dx: number, dy: number): Camera {
  return clampCamera({
    ...camera,
    x: camera.x - dx / camera.zoom,
    y: camera.y - dy / camera.zoom,
  })
}

/** Zooms so that the world point under `anchor` (in screen pixels) stays under it. */
export function zoomAround(camera: Camera, view: Size, anchor: Point, zoom: number): Camera {
  const next = clamp(zoom, ZOOM_MIN, ZOOM_MAX)
  const held = screenToWorld(camera, view, anchor)
  return clampCamera({
    x: held.x - (anchor.x - view.width / 2) / next,
    y: held.y - (anchor.y - view.height / 2) / next,
    zoom: next,
  })
}

/** How much larger than at zoom 1 text is on screen: it follows the zoom within readable sizes. */
export function textScale(zoom: number): number {
  return clamp(zoom, TEXT_SCALE_MIN, TEXT_SCALE_MAX)
}

/** The scale of text within the world: 1 while it follows the zoom. */
export function counterScale(zoom: number): number {
  return textScale(zoom) / zoom
}

export function originFor(camera: Point): Point {
  return {
    x: Math.round(camera.x / ORIGIN_STEP) * ORIGIN_STEP,
    y: Math.round(camera.y / ORIGIN_STEP) * ORIGIN_STEP,
  }
}

/** The one transform of the world element, whose children lie at (x - origin.x, y - origin.y). */
export function worldTransform(camera: Camera, view: Size, origin: Point): string {
  const at = worldToScreen(camera, view, origin)
  return `translate(${at.x.toFixed(2)}px, ${at.y.toFixed(2)}px) scale(${camera.zoom})`
}

/** The nearest camera in which `box` (screen pixels, under `camera`) lies within `frame`. */
export function reveal(camera: Camera, box: Box, frame: Box): Camera {
  const shift = (lo: number, hi: number, min: number, max: number) =>
    lo < min || hi - lo > max - min ? min - lo : hi > max ? max - hi : 0
  const dx = shift(box.left, box.right, frame.left, frame.right)
  const dy = shift(box.top, box.bottom, frame.top, frame.bottom)
  return dx === 0 && dy === 0 ? camera : panBy(camera, dx, dy)
}

/** What the dot grid shows: dots every `step` world units, at `strength` 0 to 1, coarse first. */
export function gridLevels(zoom: number): { step: number; strength: number }[] {
  const base = 32
  // The finest level whose dots are at least `base / 2` screen pixels apart fades in as it opens.
  const power = Math.ceil(Math.log2(1 / zoom) - 0.5)
  const fine = base * 2 ** power
  const apart = fine * zoom
  const strength = clamp((apart - base * 0.7) / (base * 0.5), 0, 1)
  return [
    { step: fine * 2, strength: 1 },
    { step: fine, strength },
  ]
}

/** A point as it is sent: within the world, rounded to a tenth of a pixel. */
export function wirePoint(point: Point): { x: number; y: number } {
  const fit = (v: number) => rounded(clamp(v, -POSITION_LIMIT, POSITION_LIMIT))
  return { x: fit(point.x), y: fit(point.y) }
}

/*
 * Which part of the plane is near enough to be on the page. Pure.
 */
import { textScale, type Camera, type Point, type Size } from '../../canvas/model/camera'
import type { Box } from '../../canvas/model/boxes'
import { WIDEST_PX } from './place'

/** Zooms of one step share their clusters. */
export const zoomStep = (zoom: number) => Math.round(Math.log2(zoom) * 2)

/**
 * The part of the plane whose messages are on the page: the view and half a view around it. It moves in steps of a quarter
 * view, so that a pan rarely changes it. Text may reach in from further out.
 */
export function windowOf(camera: Camera, view: Size): Box {
  const width = Math.max(1, view.width / camera.zoom)
  const height = Math.max(1, view.height / camera.zoom)
  const x = Math.round(camera.x / (width / 4)) * (width / 4)
  const y = Math.round(camera.y / (height / 4)) * (height / 4)
  const reach = (WIDEST_PX * textScale(camera.zoom)) / camera.zoom
  const side = Math.max(width * 0.75, width * 0.625 + reach)
  return { left: x - side, right: x + side, top: y - height * 0.75, bottom: y + height * 0.75 }
}

export const isWithin = ({ left, top, right, bottom }: Box, { x, y }: Point) =>
  x >= left && x <= right && y >= top && y <= bottom

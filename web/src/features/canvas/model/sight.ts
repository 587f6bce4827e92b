/*
 * The part of the plane that is shown, as it is sent. Pure.
 */
import { wirePoint, type Camera, type Point, type Size } from './camera'

export interface Shown {
  readonly camera: Camera
  readonly view: Size
}

/** `width`, `height`: world pixels */
export interface Sight extends Size {
  readonly middle: Point
}

export const sightOf = ({ camera: { x, y, zoom }, view }: Shown): Sight => ({
  middle: wirePoint({ x, y }),
  width: Math.max(1, Math.round(view.width / zoom)),
  height: Math.max(1, Math.round(view.height / zoom)),
})

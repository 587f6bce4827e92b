/*
 * The camera as a store. The world element and the grid follow it by subscription, outside
 * React; components read it only at the moment they need a point.
 */
import { alongFlight, flightMs } from '../model/flight'
import {
  HOME,
  clampCamera,
  originFor,
  panBy,
  screenToWorld,
  worldToScreen,
  zoomAround,
  type Camera,
  type Point,
  type Size,
} from '../model/camera'
import { contained, createStore } from '../../../shared/store/store'

export interface CameraState {
  readonly camera: Camera
  readonly view: Size
  /** see canvas/model/camera.ts: what children of the world are laid out around */
  readonly origin: Point
}

export function createCamera(reducedMotion: () => boolean) {
  const store = createStore<CameraState>(() => ({
    camera: HOME,
    view: { width: 1, height: 1 },
    origin: { x: 0, y: 0 },
  }))
  const { getState: get, setState: set } = store
  const movers = new Set<() => void>()
  let flight = 0
  /** where a flight ends; undefined: there is none */
  let goal: Camera | undefined

  function put(camera: Camera) {
    const { origin } = get()
    const next = originFor(camera)
    set({ camera, origin: next.x === origin.x && next.y === origin.y ? origin : next })
  }

  function carry(camera: Camera) {
    flight += 1
    goal = undefined
    put(camera)
  }

  /** The user moved the view: that ends a flight, and following. */
  function move(camera: Camera) {
    carry(camera)
    for (const moved of movers) moved()
  }

  return {
    store,
    setView: (view: Size) => set({ view }),
    set: move,
    /** Moves the view without the user. */
    carry,
    flying: () => goal !== undefined,
    /** What the view shows, at the end of the flight if there is one. */
    goal: () => goal ?? get().camera,
    /** Ends a flight where it is. */
    land() {
      if (goal) carry(get().camera)
    },
    /** Called when the user moves the view, or starts a flight. */
    onMovedByHand(hook: () => void) {
      movers.add(contained(hook))
    },
    pan: (dx: number, dy: number) => move(panBy(get().camera, dx, dy)),
    zoomAt: (anchor: Point, zoom: number) =>
      move(zoomAround(get().camera, get().view, anchor, zoom)),
    zoomMiddle(factor: number) {
      const { camera, view } = get()
      const middle = { x: view.width / 2, y: view.height / 2 }
      move(zoomAround(camera, view, middle, camera.zoom * factor))
    },
    /** Flies there (canvas/model/flight.ts); at once where reduced motion is set. */
    flyTo(target: Camera) {
      const to = clampCamera(target)
      for (const moved of movers) moved()
      if (reducedMotion()) return carry(to)
      const { camera: from, view } = get()
      const lasts = flightMs(from, to, view)
      const id = ++flight
      goal = to
      let started: number | undefined
      const frame = (at: number) => {
        if (id !== flight) return
        started ??= at
        const part = Math.min(1, (at - started) / lasts)
        if (part === 1) goal = undefined
        put(alongFlight(from, to, view, part))
        if (part < 1) requestAnimationFrame(frame)
      }
      requestAnimationFrame(frame)
    },
    toWorld: (point: Point) => screenToWorld(get().camera, get().view, point),
    toScreen: (point: Point) => worldToScreen(get().camera, get().view, point),
  }
}

export type CameraStore = ReturnType<typeof createCamera>

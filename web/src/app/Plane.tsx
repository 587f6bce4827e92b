/*
 * The endless plane: clicks, keys, and the transform that moves the world (gestures: canvas/gestures.ts).
 *
 * The camera is written to the world element by subscription, not through React, so a pan costs one style write a frame. The
 * page itself must never zoom or scroll.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useStore } from 'zustand'
import { counterScale, worldTransform, type Point } from '../features/canvas/model/camera'
import { chordOf, isTyping, plainCommandOf } from '../shared/keys/keys'
import { ARROWS } from '../features/navigation/model/directions'
import { STRINGS } from '../shared/i18n/en'
import { useApp } from '../stores/hooks'
import { insert } from '../features/messages/Caret'
import { freePlace } from '../features/messages/room'
import { Cursors } from '../features/cursors/Cursors'
import { Grid } from '../features/canvas/Grid'
import { textOf } from '../shared/ui/drop'
import { useGestures } from '../features/canvas/gestures'
import { isHeld, isLink } from '../features/canvas/held'
import { Invitation } from '../features/messages/Invitation'
import { escapeKey } from '../shared/ui/escape'
import { MAC, signOf } from '../shared/ui/keyboard'
import { signKey } from './panel-keys'
import { Bursts, Clusters, Leader } from './others'
import { createPressing, reactionKey } from '../features/reactions/press'
import { createSizes } from '../shared/ui/resize'
import { enterMessages, messageKey } from '../features/navigation/keyboard'
import { Messages } from '../features/messages/Messages'

const ARROW_PX = 80
const ZOOM_STEP = 1.25
/** how long after the last movement text is painted again, sharp at the new zoom */
const REST_MS = 160

export function Plane() {
  const app = useApp()
  const plane = useRef<HTMLDivElement>(null)
  const world = useRef<HTMLDivElement>(null)
  const caret = useRef<HTMLTextAreaElement>(null)
  /** where the mouse is, in plane pixels; undefined for touch, or when it is elsewhere */
  const pointer = useRef<Point>(undefined)
  const dragged = useRef(false)
  const [pressing] = useState(() => createPressing(app))
  const reacting = useStore(app.reactions.store, (s) => s.bursts.length > 0)

  useLayoutEffect(() => followCamera(world.current, app), [app])
  useLayoutEffect(() => measure(plane.current, app), [app])

  const local = useCallback((clientX: number, clientY: number): Point => {
    const box = plane.current?.getBoundingClientRect()
    return { x: clientX - (box?.left ?? 0), y: clientY - (box?.top ?? 0) }
  }, [])

  const openAt = (at: Point) => {
    // Rendered before the focus, within the user's gesture: phones then open their keyboard, and the textarea is in place.
    flushSync(() => app.messages.openCaret(freePlace(at, app)))
    caret.current?.focus({ preventScroll: true })
  }

  useGestures(plane, dragged, local)

  useEffect(() => {
    // When the camera moves, a resting mouse points at another world point.
    return app.camera.store.subscribe(() => {
      if (pointer.current) app.cursors.point(app.camera.toWorld(pointer.current))
    })
  }, [app])

  // Not passive effects: a key or a press right after the page appears would be lost.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (zoomKey(event, app) || escapeKey(event)) return
      const target = event.target as HTMLElement
      if (messageKey(event, app, openAt) || signKey(event, app)) return
      const onPlane = target === document.body || target === plane.current
      const writes = target === caret.current
      if ((onPlane || writes) && reactionKey(event, app, onPlane, pointer.current)) return
      if (travelKey(event, app, target === caret.current || target === plane.current)) return
      const slash = signOf(event) === '/'
      if (slash || (onPlane && isTyping(event, MAC))) {
        if (slash) event.preventDefault()
        // The browser then types the letter into the textarea, which has the focus by now.
        if (app.messages.store.getState().draft) caret.current?.focus({ preventScroll: true })
        else openAt(app.camera.toWorld((!slash && pointer.current) || middle(app)))
        return
      }
      if (!onPlane) return
      const command = plainCommandOf(event)
      const reach = event.shiftKey ? ARROW_PX * 4 : ARROW_PX
      const arrow = ARROWS[command]
      if (arrow) {
        event.preventDefault()
        app.camera.pan(-arrow[0] * reach, -arrow[1] * reach)
      } else if (command === 'Enter' && enterMessages(app)) event.preventDefault()
    }
    const never = (event: Event) => event.preventDefault()
    window.addEventListener('keydown', onKey)
    // Safari's pinch, and Ctrl with the wheel over the controls, would zoom the page.
    const safari = ['gesturestart', 'gesturechange', 'gestureend']
    for (const name of safari) document.addEventListener(name, never, { passive: false })
    const wheel = (event: WheelEvent) => {
      if (event.ctrlKey || event.metaKey) event.preventDefault()
    }
    document.addEventListener('wheel', wheel, { passive: false })
    return () => {
      window.removeEventListener('keydown', onKey)
      for (const name of safari) document.removeEventListener(name, never)
      document.removeEventListener('wheel', wheel)
    }
  })

  return (
    <main>
      <div
        className="plane"
        ref={plane}
        // The canvas handles keys itself, also under a screen reader. Messages are in the log for it.
        role="application"
        tabIndex={0}
        aria-label={STRINGS.plane}
        onPointerDown={(event) => {
          if (isHeld(event.target)) return pressing.up()
          const target = app.camera.toWorld(local(event.clientX, event.clientY))
          pressing.down(event.nativeEvent, target, () => {
            const still = !dragged.current
            // The click that follows the release does not count.
            dragged.current = true
            return still
          })
        }}
        onPointerUp={pressing.up}
        onPointerCancel={pressing.up}
        onContextMenu={(event) => {
          if (dragged.current) event.preventDefault()
        }}
        onPointerMove={(event) => {
          if (event.pointerType === 'touch') return
          pointer.current = local(event.clientX, event.clientY)
          app.cursors.point(app.camera.toWorld(pointer.current))
        }}
        onPointerLeave={() => {
          pointer.current = undefined
        }}
        onMouseDown={(event) => {
          // The press would take the focus from the caret before it becomes a click.
          if (!isHeld(event.target) || isLink(event.target)) event.preventDefault()
        }}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes('Files')) event.preventDefault()
        }}
        onDrop={(event) => {
          const text = textOf(event.dataTransfer)
          if (text === '' || event.target === caret.current) return
          event.preventDefault()
          if (!app.messages.store.getState().draft) {
            openAt(app.camera.toWorld(local(event.clientX, event.clientY)))
          }
          insert(caret.current, text)
        }}
        onClick={(event) => {
          // A drag that began on a link must not open it.
          if (dragged.current && isLink(event.target)) event.preventDefault()
          if (dragged.current || event.button !== 0 || isHeld(event.target)) return
          const at = app.camera.toWorld(local(event.clientX, event.clientY))
          openAt(at)
          pressing.tapped(at)
        }}
        data-testid="plane"
      >
        <Grid />
        <div className="world" ref={world} data-testid="world">
          <Invitation />
          <Messages Clusters={Clusters} Leader={Leader} caret={caret} />
          {reacting && <Bursts />}
        </div>
        <Cursors />
      </div>
    </main>
  )
}

type Stores = ReturnType<typeof useApp>

function middle(app: Stores): Point {
  const { width, height } = app.camera.store.getState().view
  return { x: width / 2, y: height / 2 }
}

function zoomKey(event: KeyboardEvent, app: Stores): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return false
  const chord = chordOf(event)
  if (chord === '+' || chord === '=') app.camera.zoomMiddle(ZOOM_STEP)
  else if (chord === '-' || chord === '_') app.camera.zoomMiddle(1 / ZOOM_STEP)
  else if (chord === '0') app.camera.zoomMiddle(1 / app.camera.store.getState().camera.zoom)
  else return false
  event.preventDefault()
  return true
}

/** Home goes to the middle, End to the nearest conversation. In the caret they move in the line, unless it is empty. */
function travelKey(event: KeyboardEvent, app: Stores, onPlane: boolean): boolean {
  const command = plainCommandOf(event)
  if ((command !== 'Home' && command !== 'End') || event.shiftKey) return false
  if (!onPlane && event.target !== document.body) return false
  const { draft } = app.messages.store.getState()
  if (draft && draft.text !== '') return false
  event.preventDefault()
  if (draft) app.messages.dropDraft()
  if (command === 'Home') app.navigation.goHome()
  else app.navigation.goToNearest()
  return true
}

export function followCamera(world: HTMLElement | null, app: Stores) {
  if (!world) return
  let restTimer: ReturnType<typeof setTimeout> | undefined
  let counter = 0
  const write = () => {
    const { camera, view, origin } = app.camera.store.getState()
    world.style.transform = worldTransform(camera, view, origin)
    const next = counterScale(camera.zoom)
    if (next !== counter) {
      counter = next
      // Each transformed message gets its own layer: only where the scale is not 1.
      world.toggleAttribute('data-countered', next !== 1)
      world.style.setProperty('--counter', next.toFixed(4))
    }
  }
  let movedAt = 0
  const rest = () => {
    const wait = movedAt + REST_MS - performance.now()
    restTimer = wait > 0 ? setTimeout(rest, wait) : undefined
    if (wait <= 0) delete world.dataset.moving
  }
  const moved = () => {
    write()
    movedAt = performance.now()
    if (restTimer !== undefined) return
    world.dataset.moving = ''
    restTimer = setTimeout(rest, REST_MS)
  }
  write()
  const stop = app.camera.store.subscribe(moved)
  return () => {
    clearTimeout(restTimer)
    stop()
  }
}

export function measure(plane: HTMLElement | null, app: Stores) {
  if (!plane) return
  const read = () => app.camera.setView({ width: plane.clientWidth, height: plane.clientHeight })
  read()
  const sizes = createSizes(read)
  sizes.observe(plane)
  return () => sizes.disconnect()
}

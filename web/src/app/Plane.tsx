/*
 * The endless plane: clicks, keys, and the transform that moves the world (gestures: canvas/gestures.ts).
 *
 * The page itself must never zoom or scroll.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { useStore } from 'zustand'
import type { Point } from '../features/canvas/model/camera'
import { chordOf, isTyping, plainCommandOf } from '../shared/keys/keys'
import { ARROWS } from '../features/navigation/model/directions'
import { STRINGS } from '../shared/i18n/en'
import { useApp, useSession } from '../stores/hooks'
import { insert } from '../features/messages/Caret'
import { Cursors } from '../features/cursors/Cursors'
import { Grid } from '../features/canvas/Grid'
import { textOf } from '../shared/ui/drop'
import { useGestures } from '../features/canvas/gestures'
import { isHeld, isLink } from '../features/canvas/held'
import { Invitation } from '../features/messages/Invitation'
import { escapeKey } from '../shared/ui/escape'
import { isSpace, MAC, takesText, writes } from '../shared/ui/keyboard'
import { commandKey } from './command-keys'
import { followCamera, measure } from './plane-view'
import { Bursts, Clusters, CrowdPlaces, Leader } from './others'
import { createPressing, reactionKey } from '../features/reactions/press'
import {
  enterMessages,
  entryOf,
  isMessage,
  messageKey,
  under,
} from '../features/navigation/keyboard'
import { Messages } from '../features/messages/Messages'
import { focusCaret, openCaret } from '../features/messages/open-caret'
import { lazy } from '../shared/ui/lazy'

const Landmarks = lazy(() => import('../features/landmarks/Landmarks').then((m) => m.Landmarks))
const Strokes = lazy(() => import('../features/strokes/Strokes').then((m) => m.Strokes))

const ARROW_PX = 80
const ZOOM_STEP = 1.25

export function Plane() {
  const app = useApp()
  const plane = useRef<HTMLDivElement>(null)
  const world = useRef<HTMLDivElement>(null)
  const caret = useRef<HTMLTextAreaElement>(null)
  /** where the mouse is, in plane pixels; undefined for touch, or when it is elsewhere */
  const pointer = useRef<Point>(undefined)
  const dragged = useRef(false)
  /** the press was on text, or on something else that takes presses itself */
  const onHeld = useRef(false)
  const [pressing] = useState(() => createPressing(app))
  const marked = useSession((s) => s.rules.landmarks.length > 0)
  const reacting = useStore(app.reactions.store, (s) => s.bursts.length > 0)
  const crowded = useStore(app.crowd, (s) => s.places.size > 0)
  const drawn = useStore(app.strokes.store, (s) => s.wanted)

  useLayoutEffect(() => followCamera(world.current, app), [app])
  useLayoutEffect(() => measure(plane.current, app), [app])

  const local = useCallback((clientX: number, clientY: number): Point => {
    const box = plane.current?.getBoundingClientRect()
    return { x: clientX - (box?.left ?? 0), y: clientY - (box?.top ?? 0) }
  }, [])

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
      const { draft } = app.messages.store.getState()
      // The textarea can keep the focus after its draft is gone.
      const inCaret = target === caret.current
      const idle = inCaret && !draft
      const onPlane = idle || target === document.body || target === plane.current
      const here = isMessage(target) ? entryOf(target, app)?.at : undefined
      const at = here ?? (inCaret && draft ? draft.at : pointAt(pointer.current, app))
      if (messageKey(event, app) || commandKey(event, app) || reactionKey(event, app, at)) return
      if (travelKey(event, app, inCaret || target === plane.current)) return
      if (writes(event) || (idle && (isSpace(event) || isTyping(event, MAC)))) {
        write(event, isMessage(target) ? under(target, app) : at, app)
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
    const onPaste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData('text/plain') ?? ''
      if (text === '' || takesText(event.target) || document.querySelector('dialog[open]')) return
      event.preventDefault()
      if (!app.messages.store.getState().draft) openCaret(app, pointAt(pointer.current, app))
      insert(caret.current, text)
    }
    const never = (event: Event) => event.preventDefault()
    window.addEventListener('keydown', onKey)
    window.addEventListener('paste', onPaste)
    // Safari's pinch, and Ctrl with the wheel over the controls, would zoom the page.
    const safari = ['gesturestart', 'gesturechange', 'gestureend']
    for (const name of safari) document.addEventListener(name, never, { passive: false })
    const wheel = (event: WheelEvent) => {
      if (event.ctrlKey || event.metaKey) event.preventDefault()
    }
    document.addEventListener('wheel', wheel, { passive: false })
    return () => {
      window.removeEventListener('keydown', onKey)
      window.removeEventListener('paste', onPaste)
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
          onHeld.current = isHeld(event.target)
          if (onHeld.current || app.strokes.draws(event.nativeEvent)) return pressing.up()
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
          if (!isHeld(event.target) || isLink(event.target) || event.shiftKey)
            event.preventDefault()
        }}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes('Files')) event.preventDefault()
        }}
        onDrop={(event) => {
          const text = textOf(event.dataTransfer)
          if (text === '' || event.target === caret.current) return
          event.preventDefault()
          if (!app.messages.store.getState().draft) {
            openCaret(app, app.camera.toWorld(local(event.clientX, event.clientY)))
          }
          insert(caret.current, text)
        }}
        onClick={(event) => {
          const held = onHeld.current || isHeld(event.target)
          // A click that a screen reader makes has no press.
          onHeld.current = false
          // A drag that began on a link must not open it.
          if (dragged.current && isLink(event.target)) event.preventDefault()
          if (dragged.current || event.button !== 0 || held) return
          const at = app.camera.toWorld(local(event.clientX, event.clientY))
          openCaret(app, at)
          pressing.tapped(at)
        }}
        data-testid="plane"
      >
        <Grid />
        <div className="world" ref={world} data-testid="world">
          {marked && <Landmarks />}
          <Messages Clusters={Clusters} Leader={Leader} caret={caret} />
          {crowded && <CrowdPlaces />}
          {reacting && <Bursts />}
          {drawn && <Strokes />}
        </div>
        <Cursors />
        <Invitation />
      </div>
    </main>
  )
}

type Stores = ReturnType<typeof useApp>

/** Under the mouse, or else in the middle of the view. */
const pointAt = (pointer: Point | undefined, { camera }: Stores): Point =>
  pointer ? camera.toWorld(pointer) : camera.store.getState().camera

/** A character was typed outside of every text: it goes on with the draft, or begins one at `at`. */
function write(event: KeyboardEvent, at: Point, app: Stores) {
  const { open } = app.panels.store.getState()
  // The history stays: the canvas can be used beside it.
  if (open && open !== 'history') flushSync(() => app.panels.close(open))
  if (document.querySelector('dialog[open]')) return
  if (app.messages.store.getState().draft) return focusCaret()
  // The browser then types the letter into the textarea, which has the focus by now.
  openCaret(app, at)
  if (isSpace(event)) event.preventDefault()
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

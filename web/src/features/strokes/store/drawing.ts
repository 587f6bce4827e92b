/*
 * Drawing, and the strokes of everybody (rules: strokes/model/strokes.ts).
 *
 * A stroke is shown to others while it is drawn, throttled, and posted when the pointer is released. It is posted again after
 * a reconnect until it is acknowledged (W112). A stroke that is refused disappears, and a note at its end says why.
 */
import { wirePoint, type Point } from '../../canvas/model/camera'
import { createCulling } from '@asocial/client/core/culling'
import { ownKey } from '@asocial/client/core/messages'
import { newId } from '@asocial/client/core/random'
import { throttle } from '@asocial/client/core/throttle'
import { STROKE_POINTS } from '@asocial/client/core/wire'
import type { ClientFrame, ErrorFrame, ServerFrame } from '@asocial/client/core/frames'
import { createStore } from '../../../shared/store/store'
import type { CameraStore } from '../../canvas/store/camera'
import type { Session } from '../../channel/store/session'
import type { MutedStore } from '../../people/store/muted'
import type { PresenceStore } from '../../people/store/presence'
import type { SettingsStore } from '../../settings/store/settings'
import { arrowTo, fitted, toWire, type Box, type StrokeLimits } from '../model/points'
import * as rules from '../model/strokes'

const SEND_EVERY_MS = 100
/** screen pixels: what the eye does not miss */
const TOLERANCE_PX = 0.8
/** screen pixels between two points of a line that is drawn */
const STEP_PX = 1.5
const RAW_MAX = 4_000
const NOTE_MS = 4_000
/** W111 */
const BYTES_MAX = 3072
/** what a frame holds besides the points */
const ROOM_BYTES = 200

export interface Note {
  readonly at: Point
  readonly error: Pick<ErrorFrame, 'code' | 'message' | 'limit'>
}

export interface DrawingState {
  readonly strokes: rules.Strokes
  /** the message id of the stroke that is being drawn */
  readonly drawing: string | undefined
  readonly note: Note | undefined
}

export interface Around {
  readonly session: Session
  readonly presence: PresenceStore
  readonly muted: MutedStore
  readonly settings: SettingsStore
  readonly camera: CameraStore
  send(frame: ClientFrame): boolean
  now(): number
}

/** The part of a pointer event that drawing reads. */
export interface Press {
  readonly type: string
  readonly buttons: number
}

export function createDrawing(around: Around) {
  const { session, presence, muted, settings, camera, send } = around
  const store = createStore<DrawingState>(() => ({
    strokes: rules.NO_STROKES,
    drawing: undefined,
    note: undefined,
  }))
  const { getState: get, setState: set } = store
  let noteTimer: ReturnType<typeof setTimeout> | undefined
  /** of the pressed pointer; empty: none */
  let raw: Point[] = []
  /** others may see the stroke that is being drawn */
  let shown = false

  const put = createCulling<rules.Strokes>(session.serverNow, (now, changed = get().strokes) => {
    const strokes = rules.cull(changed, now)
    if (strokes !== get().strokes) set({ strokes })
    return rules.nextCull(get().strokes)
  })

  function limits(): StrokeLimits {
    const { frame_bytes = Infinity } = session.store.getState().limits
    return { points: STROKE_POINTS, bytes: Math.min(BYTES_MAX, frame_bytes - ROOM_BYTES) }
  }

  const growing = throttle<{ messageId: string; points: readonly Point[] }>(
    SEND_EVERY_MS,
    ({ messageId, points }) => {
      shown = true
      send({ type: 'stroke', message_id: messageId, points: toWire(points) })
    },
    around.now,
  )

  function transmit({ messageId, points }: rules.Stroke) {
    send({ type: 'stroke', message_id: messageId, points: toWire(points), done: true })
  }

  /** Shows it and sends it. Without a connection it waits for the next one. */
  function post(messageId: string, points: readonly Point[]) {
    const { base } = session.store.getState().ttl
    put(
      rules.own(get().strokes, { messageId, points, state: 'pending' }, session.serverNow(), base),
    )
    const stroke = get().strokes.entries.get(ownKey(messageId))
    if (stroke) transmit(stroke)
  }

  function say(at: Point, error: Note['error']) {
    clearTimeout(noteTimer)
    set({ note: { at, error } })
    noteTimer = setTimeout(() => set({ note: undefined }), NOTE_MS)
  }

  /** True: we may draw here. Else a note says why not. */
  function mayDraw(at: Point): boolean {
    const { rights, read_only, yours } = session.store.getState().rules
    if (rights === 'read' || (read_only && !yours)) say(at, { code: 'read_only', message: '' })
    // A server of an earlier version knows no strokes (W114).
    else if (session.store.getState().limits.strokes_per_minute !== undefined) return true
    return false
  }

  function line(): Point[] {
    const { zoom } = camera.store.getState().camera
    return fitted(raw, TOLERANCE_PX / zoom, limits()).map(wirePoint)
  }

  function begin() {
    const [at] = raw
    if (!at || !mayDraw(at)) {
      raw = []
      return
    }
    shown = false
    set({ drawing: newId(), note: undefined })
  }

  function grow(at: Point) {
    const last = raw.at(-1)
    if (!last) return
    const step = STEP_PX / camera.store.getState().camera.zoom
    if (Math.hypot(at.x - last.x, at.y - last.y) < step || raw.length >= RAW_MAX) return
    raw.push(at)
    if (get().drawing === undefined) begin()
    const { drawing: messageId } = get()
    if (messageId === undefined) return
    const points = line()
    put(rules.own(get().strokes, { messageId, points, state: 'draft' }, session.serverNow(), 0))
    if (settings.store.getState().showTyping && !presence.alone())
      growing.push({ messageId, points })
  }

  function finish() {
    const { drawing: messageId } = get()
    growing.cancel()
    const points = line()
    raw = []
    if (messageId === undefined) return
    set({ drawing: undefined })
    post(messageId, points)
  }

  /** Gives up the stroke that is being drawn, also on the pages of others. */
  function cancel() {
    const { drawing: messageId, strokes } = get()
    growing.cancel()
    raw = []
    if (messageId === undefined) return
    set({ drawing: undefined })
    put(rules.drop(strokes, ownKey(messageId)))
    if (shown) send({ type: 'stroke', message_id: messageId, points: [] })
    shown = false
  }

  function onRefused({ code, message, limit, message_id = '' }: ErrorFrame) {
    const stroke = get().strokes.entries.get(ownKey(message_id))
    const at = stroke?.points.at(-1)
    if (!stroke || stroke.state === 'sent' || !at) return
    shown = false
    if (get().drawing === message_id) cancel()
    else put(rules.drop(get().strokes, stroke.key))
    say(at, { code, message, ...(limit !== undefined && { limit }) })
  }

  muted.onMuted((userId) => put(rules.without(get().strokes, userId)))
  // A new estimate of the server's clock moves the end of every life.
  session.store.subscribe((now, before) => {
    if (now.clock.offset !== before.clock.offset) put()
  })

  return {
    store,
    cancel,
    /** A pointer that draws was pressed, moved or released at this point of the plane. */
    press({ type, buttons }: Press, at: Point) {
      if (type === 'pointerdown') {
        // A second finger: it is a pinch.
        const drawn = raw.length > 0
        cancel()
        if (!drawn) raw = [at]
      } else if (type === 'pointercancel') cancel()
      else if (buttons === 0) finish()
      else grow(at)
    },
    /** Draws an arrow in direction `way` that ends at `box`, which is in screen pixels. */
    pointAt(box: Box, way: readonly [number, number]) {
      const points = arrowTo(box, way).map(camera.toWorld)
      const [at] = points
      if (at && mayDraw(at)) post(newId(), points.map(wirePoint))
    },
    shift: (ms: number) => put(rules.shift(get().strokes, ms)),
    receive(frame: ServerFrame, fresh: boolean) {
      const { strokes } = get()
      const selfId = session.store.getState().userId
      const now = session.serverNow()
      switch (frame.type) {
        case 'stroke':
          if (muted.has(frame.user_id)) return
          presence.meet(frame.user_id)
          return put(rules.onStroke(strokes, frame, selfId, now))
        case 'user_sync': {
          let next = strokes
          for (const each of frame.strokes ?? [])
            if (!muted.has(each.user_id)) next = rules.onStroke(next, each, selfId, now)
          put(fresh ? rules.endDrafts(next, (id) => !presence.isHere(id)) : next)
          for (const each of fresh ? get().strokes.entries.values() : [])
            if (each.state === 'pending') transmit(each)
          return
        }
        case 'ack':
          return put(rules.onAck(strokes, frame))
        case 'error':
          return onRefused(frame)
        case 'user_left':
          return put(rules.endDrafts(strokes, (id) => id === frame.user_id))
        case 'cleared':
          return put(rules.clear(strokes, frame.timestamp))
      }
    },
  }
}

export type Drawing = ReturnType<typeof createDrawing>

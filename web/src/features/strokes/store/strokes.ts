/*
 * Strokes, as far as the first load needs them: whether the pen is on, and what happens until the code is there.
 *
 * Everything else is in store/drawing.ts, which is loaded with the view (Strokes.tsx) when the first stroke is drawn or
 * arrives. What concerns it meanwhile waits, in order.
 */
import type { ServerFrame } from '@asocial/client/core/frames'
import { createStore } from '../../../shared/store/store'
import type { Drawing } from './drawing'

type Call = (drawing: Drawing) => void

/** more than a second of the fastest frames; then the code is not coming soon */
const WAITING_MAX = 500

export function createStrokes() {
  const store = createStore<{
    /** there is something to draw */
    readonly wanted: boolean
    /** a press draws, also without Shift */
    readonly pen: boolean
  }>(() => ({ wanted: false, pen: false }))
  const waiting: Call[] = []
  let drawing: Drawing | undefined

  function call(run: Call) {
    if (drawing) return run(drawing)
    if (waiting.push(run) > WAITING_MAX) waiting.shift()
    store.setState({ wanted: true })
  }

  return {
    store,
    /** Runs it with the drawing, now or once the code is loaded. */
    call,
    /** The code is loaded. `make` is called once. */
    ready(make: () => Drawing): Drawing {
      drawing ??= make()
      for (const run of waiting.splice(0)) run(drawing)
      return drawing
    },
    receive(frame: ServerFrame, fresh: boolean) {
      const { type } = frame
      const concerns = type === 'stroke' || (type === 'user_sync' && frame.strokes)
      if (concerns || drawing || waiting.length > 0) call((it) => it.receive(frame, fresh))
    },
    shift(ms: number) {
      if (drawing || waiting.length > 0) call((it) => it.shift(ms))
    },
    /** The press draws. */
    draws: ({ button, shiftKey }: MouseEvent) => button === 0 && (shiftKey || store.getState().pen),
    setPen: (pen: boolean) => store.setState({ pen }),
  }
}

export type StrokesStore = ReturnType<typeof createStrokes>

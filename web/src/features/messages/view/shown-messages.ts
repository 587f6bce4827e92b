/*
 * The messages that are on the page: those near the view, clustered, each at its place, and the place of our own draft. In
 * a crowd they are computed a few times a second, not for each message that comes or goes.
 */
import { useEffect, useMemo, useState } from 'react'
import { useStore } from 'zustand'
import { directionOf } from '../../../shared/text/payload'
import { layoutScale, WIDEST_PX, type Hung, type Place } from '../model/place'
import { isWithin, windowOf, zoomStep } from '../model/window'
import type { Cluster } from '../model/gather'
import { notices } from '../store/notices'
import { room } from '../room'
import { ownKey, type Entry, type Messages } from '@asocial/client/core/messages'
import type { Draft } from '../store/messages'
import { useApp } from '../../../stores/hooks'

/** Above this many, messages have no backdrop and no layer: so many would cost frames. */
export const RICH_MAX = 40
const CROWD_EVERY_MS = 120
/** Above this many, it is computed half as often. */
const GREAT_CROWD = 120
let everyMs = CROWD_EVERY_MS

/** ms until the next tick: everything in a crowd changes in the same frames. */
export const untilCrowdTick = () => everyMs - (performance.now() % everyMs)

/** The entries; in a crowd, updated a few times a second. */
export function useEntries(): Messages['entries'] {
  const { messages } = useApp()
  const [entries, setEntries] = useState(() => messages.store.getState().messages.entries)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const take = () => {
      timer = undefined
      setEntries(messages.store.getState().messages.entries)
    }
    const changed = () => {
      if (timer !== undefined) return
      const { size } = messages.store.getState().messages.entries
      everyMs = size > GREAT_CROWD ? 2 * CROWD_EVERY_MS : CROWD_EVERY_MS
      if (size <= RICH_MAX) take()
      else timer = setTimeout(take, untilCrowdTick())
    }
    changed()
    const stop = messages.store.subscribe((now, before) => {
      if (now.messages.entries !== before.messages.entries) changed()
    })
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [messages])
  return entries
}

const canGather = ({ mine, state }: Entry) => !mine || state === 'sent'

/** as in messages.css */
const MARGIN_PX = 56

export function useShownMessages() {
  const { camera, messages, presence } = useApp()
  const entries = useEntries()
  const draft = useStore(messages.store, (s) => s.draft)
  // One string for each step, so that a pan renders only when the window moves.
  const where = useStore(camera.store, (s) => {
    const { left, top, right, bottom } = windowOf(s.camera, s.view)
    const widest = Math.min(WIDEST_PX, s.view.width - MARGIN_PX)
    const scale = layoutScale(s.camera.zoom)
    return [
      scale,
      ...[zoomStep(s.camera.zoom), widest, left, top, right, bottom].map(Math.round),
    ].join()
  })
  const beside = useStore(notices, (s) => s.beside)
  const parts = useStore(room.store, ({ module }) => module)
  const layOut = useMemo(() => parts?.createLayout(), [parts])
  return useMemo(() => {
    const [scale = 1, step = 0, widest = 0, left = 0, top = 0, right = 0, bottom = 0] = where
      .split(',')
      .map(Number)
    const near = [...entries.values()].filter(
      (entry) => entry.state === 'refused' || isWithin({ left, top, right, bottom }, entry.at),
    )
    const { clusters, rest } = parts?.gatherAll(near.filter(canGather), 2 ** (step / 2)) ?? {
      clusters: NO_CLUSTERS,
      rest: near.filter(canGather),
    }
    const words = [...near.filter((entry) => !canGather(entry)), ...rest]
    const hung = words.map((entry): Hung => ({
      ...entry,
      name: presence.profile(entry.userId ?? '')?.name ?? entry.name ?? '',
      rtl: directionOf(entry.text) === 'rtl',
      notice: beside.get(entry.key),
    }))
    const caret = draft && draft.text !== '' ? caretOf(draft) : undefined
    if (caret) hung.push(caret)
    // The first words alone need no room.
    if (hung.length > 1 || hung.some(({ mine }) => !mine)) room.fetch()
    const places = layOut?.(hung, { scale, widest }, (key) => entries.has(key)) ?? NO_PLACES
    return { words, clusters, places, caret: caret && places.get(caret.key) }
  }, [entries, draft, where, beside, parts, layOut, presence])
}

const NO_CLUSTERS: readonly Cluster<Entry>[] = []
const NO_PLACES: ReadonlyMap<string, Place> = new Map()

const caretOf = ({ messageId, text, at }: Draft): Hung => ({
  ...{ key: ownKey(messageId), userId: undefined, name: '', text, at, caret: true },
  ...{ mine: true, held: true, state: 'draft', timestamp: Infinity, goesAt: Infinity },
  rtl: directionOf(text) === 'rtl',
})

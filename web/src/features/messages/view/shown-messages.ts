/*
 * The messages that are on the page: those near the view, clustered, each at its place. In a crowd they are
 * computed a few times a second, not for each message that comes or goes.
 */
import { useEffect, useMemo, useState } from 'react'
import { useStore } from 'zustand'
import { directionOf } from '../../../shared/text/payload'
import { createPlaces, gatherAll, isWithin, windowOf, zoomStep } from '../model/layout'
import type { Entry, Messages } from '../model/messages'
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

export function useShownMessages() {
  const { camera } = useApp()
  const entries = useEntries()
  // One string for each step, so that a pan renders only when the window moves.
  const where = useStore(camera.store, (s) => {
    const { left, top, right, bottom } = windowOf(s.camera, s.view)
    return [zoomStep(s.camera.zoom), left, top, right, bottom].map(Math.round).join()
  })
  const [place] = useState(createPlaces)
  return useMemo(() => {
    const [step = 0, left = 0, top = 0, right = 0, bottom = 0] = where.split(',').map(Number)
    const zoom = 2 ** (step / 2)
    const near = [...entries.values()].filter(
      (entry) => entry.state === 'refused' || isWithin({ left, top, right, bottom }, entry.at),
    )
    const { clusters, rest } = gatherAll(near.filter(canGather), zoom)
    const words = [...near.filter((entry) => !canGather(entry)), ...rest]
    const hung = words.map((entry) => ({
      ...entry,
      draft: entry.state === 'draft',
      rtl: directionOf(entry.text) === 'rtl',
    }))
    const asides = place(hung, zoom, (key) => entries.has(key))
    return { words, clusters, asides }
  }, [entries, where, place])
}

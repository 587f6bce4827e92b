/*
 * Puts the notices of messages that were not sent where they can be read and pressed (rules: model/notice.ts). That depends
 * on everything around them, so it is measured, a few times a second at most.
 */
import { useLayoutEffect, useRef } from 'react'
import { grow, type Box } from '../../canvas/model/boxes'
import { textScale } from '../../canvas/model/camera'
import { onMoved } from '../../canvas/on-moved'
import {
  AT_EDGES,
  boxesOf,
  boxOf,
  CARET,
  cornerOf,
  frameOf,
  textBoxes,
} from '../../canvas/text-boxes'
import { createSizes } from '../../../shared/ui/resize'
import type { App } from '../../../stores/app'
import { useApp } from '../../../stores/hooks'
import { noticePlace } from '../model/notice'
import { notices } from '../store/notices'

const LOOK_EVERY_MS = 100
const CONTROLS = `${AT_EDGES}, [data-testid="toast"]`
const MARKS = '.dot, .cluster'
/** What is written goes on to there, px. */
const GROWTH_PX = 200

interface Notice {
  readonly key: string
  box?: Box
  /** the camera, the view and the message that `box` is for */
  seen?: string
  /** from the first corner of the message, at text scale 1 */
  beside?: Box
}

const shown = new Map<HTMLElement, Notice>()
let stop: (() => void) | undefined

/** Shows nothing. It is in the notice that it places. `entryKey`: of its message. */
export function Placing({ entryKey }: { entryKey: string }) {
  const app = useApp()
  const mark = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const element = mark.current?.parentElement
    if (!element) return
    shown.set(element, { key: entryKey })
    const look = () => placeAll(app)
    stop ??= onMoved(app, LOOK_EVERY_MS, look)
    // The reason may be fetched later, and counts down.
    const sizes = createSizes(look)
    sizes.observe(element)
    return () => {
      sizes.disconnect()
      shown.delete(element)
      publish()
      if (shown.size > 0) return
      stop?.()
      stop = undefined
    }
  }, [app, entryKey])
  return <i hidden ref={mark} />
}

/** Those that were there first have their place first. */
function placeAll(app: App) {
  const corner = cornerOf()
  if (!corner) return
  const { camera, view } = app.camera.store.getState()
  const scale = textScale(camera.zoom)
  const frame = frameOf(view)
  const controls = boxesOf(CONTROLS)
  const texts = textBoxes()
  const marks = [...boxesOf(MARKS), ...boxesOf(CARET).map((box) => grow(box, GROWTH_PX, 0))]
  const placed: Box[] = []
  // All is measured before anything is moved.
  const measured = [...shown].flatMap(([element, notice]) => {
    const body = element.closest<HTMLElement>('.message-body')
    if (!body) return []
    const size = { width: element.offsetWidth * scale, height: element.offsetHeight * scale }
    return [{ element, notice, size, own: boxOf(body, corner), rtl: body.dir === 'rtl' }]
  })
  for (const { element, notice, size, own, rtl } of measured) {
    const others = texts.filter(({ anchor }) => !anchor.contains(element))
    const around = { frame, controls, texts: [...others, ...marks], notices: placed }
    const seen = JSON.stringify([camera, view, own])
    const before = notice.seen === seen ? notice.box : undefined
    const box = noticePlace(own, size, rtl, around, before)
    placed.push(box)
    const left = (box.left - own.left) / scale
    const top = (box.top - own.top) / scale
    const first = rtl ? left - (own.right - own.left) / scale : left
    const beside = {
      left: Math.round(first),
      top: Math.round(top),
      right: Math.round(first + size.width / scale),
      bottom: Math.round(top + size.height / scale),
    }
    Object.assign(notice, {
      box,
      seen,
      beside: isSame(beside, notice.beside) ? notice.beside : beside,
    })
    // It does not move there from where it was before it had a place.
    if ('placed' in element.dataset) element.dataset.settled = ''
    element.dataset.placed = ''
    element.style.translate = `${left.toFixed(1)}px ${top.toFixed(1)}px`
  }
  publish()
}

const isSame = (a: Box, b: Box | undefined) => JSON.stringify(a) === JSON.stringify(b)

/** The layout keeps new text off them. */
function publish() {
  const before = notices.getState().beside
  const now = new Map<string, Box>()
  for (const { key, beside } of shown.values()) if (beside) now.set(key, beside)
  if (now.size === before.size && [...now].every(([key, box]) => before.get(key) === box)) return
  notices.setState({ beside: now })
}

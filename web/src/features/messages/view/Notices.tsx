/*
 * Puts the notices of messages that were not sent where they can be read and pressed, and the labels of those that are on
 * their way where they cover nothing (rules: model/notice.ts). That depends on everything around them, so it is measured, a
 * few times a second at most.
 */
import { useLayoutEffect, useRef } from 'react'
import type { Box } from '../../canvas/model/boxes'
import { textScale, type Size } from '../../canvas/model/camera'
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
import { labelPlace, noticePlace, type NoticePlace } from '../model/notice'
import { LINE_PX } from '../model/place'
import { notices } from '../store/notices'

const LOOK_EVERY_MS = 100
const MARKS = '.dot, .cluster'
const HINTS = '.invitation > p, .company:not([data-no-room])'
/** Most labels are gone before they appear (messages.css), and need no place. */
const LABEL_AFTER_MS = 400

interface Notice {
  readonly key: string
  place?: NoticePlace | undefined
  /** the camera, the view and the message that `place` is for */
  seen?: string
  /** its size without the reason, px at text scale 1; `for`: the view */
  short?: { readonly size: Size; readonly for: string }
  /** from the first corner of the message, at text scale 1 */
  beside?: Box
}

const shown = new Map<HTMLElement, Notice>()
const labels = new Set<HTMLElement>()
let stop: (() => void) | undefined

interface PlacingProps {
  /** of its message */
  entryKey: string
  /** it is in a label */
  label?: boolean
}

/** Shows nothing. It is in the notice or label that it places. */
export function Placing({ entryKey, label }: PlacingProps) {
  const app = useApp()
  const mark = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const element = mark.current?.parentElement
    if (!element) return
    const look = () => placeAll(app)
    // The reason may be fetched later, and counts down.
    const sizes = createSizes(look)
    const begin = () => {
      if (label) labels.add(element)
      else shown.set(element, { key: entryKey })
      stop ??= onMoved(app, LOOK_EVERY_MS, look)
      sizes.observe(element)
    }
    const timer = label ? setTimeout(begin, LABEL_AFTER_MS) : undefined
    if (!label) begin()
    return () => {
      clearTimeout(timer)
      sizes.disconnect()
      labels.delete(element)
      shown.delete(element)
      publish()
      if (shown.size + labels.size > 0) return
      stop?.()
      stop = undefined
    }
  }, [app, entryKey, label])
  return <i hidden ref={mark} />
}

/** Those that were there first have their place first. */
function placeAll(app: App) {
  const corner = cornerOf()
  if (!corner) return
  const { camera, view } = app.camera.store.getState()
  const scale = textScale(camera.zoom)
  const frame = frameOf(view)
  const controls = boxesOf(AT_EDGES)
  const texts = textBoxes()
  const marks = boxesOf(MARKS)
  const carets = boxesOf(CARET)
  const hints = labels.size > 0 ? boxesOf(HINTS) : []
  const placed: Box[] = []
  const measure = (element: HTMLElement) => {
    const body = element.closest<HTMLElement>('.message-body')
    if (!body) return []
    const size = { width: element.offsetWidth * scale, height: element.offsetHeight * scale }
    const others = texts.filter(({ anchor }) => !anchor.contains(element))
    return [{ element, size, others, body, own: boxOf(body, corner), rtl: body.dir === 'rtl' }]
  }
  measureShort(JSON.stringify(view))
  // All is measured before anything is moved.
  for (const element of shown.keys()) delete element.dataset.brief
  const measured = [...shown].flatMap(([element, notice]) =>
    measure(element).map((found) => ({ ...found, notice })),
  )
  const lines = [...labels].flatMap(measure).map((found) => ({
    ...found,
    last: lastLine(found.body, found.own.bottom - LINE_PX * scale, corner),
  }))
  for (const { element, notice, size, others, own, rtl } of measured) {
    const around = {
      ...{ frame, controls, texts: [...others, ...marks] },
      ...{ written: carets, notices: placed },
    }
    const { width, height } = notice.short?.size ?? size
    const short = { width: width * scale, height: height * scale }
    const seen = JSON.stringify([camera, view, own])
    const before = notice.seen === seen ? notice.place : undefined
    const place = noticePlace(own, size, short, rtl, around, before)
    Object.assign(notice, { place, seen })
    if (!place) {
      delete notice.beside
      element.dataset.placed = 'nowhere'
      continue
    }
    const { box } = place
    placed.push(box)
    if (place.short) element.dataset.brief = ''
    const left = (box.left - own.left) / scale
    const top = (box.top - own.top) / scale
    const first = rtl ? left - (own.right - own.left) / scale : left
    const beside = {
      left: Math.round(first),
      top: Math.round(top),
      right: Math.round(first + (box.right - box.left) / scale),
      bottom: Math.round(top + (box.bottom - box.top) / scale),
    }
    if (!isSame(beside, notice.beside)) notice.beside = beside
    // It does not move there from where it was before it had a place.
    if ('placed' in element.dataset) element.dataset.settled = ''
    element.dataset.placed = ''
    element.style.translate = `${left.toFixed(1)}px ${top.toFixed(1)}px`
  }
  for (const { element, size, others, own, last, rtl } of lines) {
    const around = {
      ...{ frame, controls, texts: [...others, ...marks, ...hints] },
      ...{ written: carets, notices: placed },
    }
    const box = last && labelPlace(own, last, size, rtl, around)
    element.dataset.placed = box ? '' : 'nowhere'
    if (!box) continue
    placed.push(box)
    const [left, top] = [(box.left - own.left) / scale, (box.top - own.top) / scale]
    element.style.translate = `${left.toFixed(1)}px ${top.toFixed(1)}px`
  }
  publish()
}

/** Once for each view: the buttons are the same for every reason. */
function measureShort(view: string) {
  const unknown = [...shown].filter(([, { short }]) => short?.for !== view)
  for (const [element] of unknown) element.dataset.brief = ''
  for (const [{ offsetWidth: width, offsetHeight: height }, notice] of unknown) {
    notice.short = { size: { width, height }, for: view }
  }
}

/** Of a text, what is below `top`; undefined: nothing of it is shown. */
function lastLine(body: HTMLElement, top: number, corner: DOMRect): Box | undefined {
  const words = body.querySelector('.words')
  if (!words) return undefined
  const range = document.createRange()
  range.selectNodeContents(words)
  const parts = [...range.getClientRects()].filter(
    (part) => part.width > 0 && (part.top + part.bottom) / 2 - corner.top > top,
  )
  if (parts.length === 0) return undefined
  return {
    left: Math.min(...parts.map(({ left }) => left)) - corner.left,
    top,
    right: Math.max(...parts.map(({ right }) => right)) - corner.left,
    bottom: boxOf(body, corner).bottom,
  }
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

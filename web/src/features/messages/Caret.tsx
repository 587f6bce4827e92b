/*
 * The caret: one textarea that stays for as long as the page and moves to where you point, so that the focus stays, input
 * methods work, and a phone opens its keyboard within the tap.
 *
 * A mirror element with the same text gives it its size. Both have the styles of a message, so nothing moves when the text
 * is posted.
 */
import { flushSync } from 'react-dom'
import {
  useEffect,
  useLayoutEffect,
  useRef,
  type CSSProperties,
  type KeyboardEvent,
  type RefObject,
} from 'react'
import { textScale, type Point } from '../canvas/model/camera'
import { codePoints } from '../../shared/text/graphemes'
import { commandOf, plainCommandOf } from '../../shared/keys/keys'
import { directionOf, mayMention } from '../../shared/text/payload'
import { ink } from '../../shared/palette'
import { ARROWS } from '../navigation/model/directions'
import type { Rules } from '@asocial/client/core/rules'
import { STRINGS } from '../../shared/i18n/en'
import { lazy } from '../../shared/ui/lazy'
import { focusCaret } from './open-caret'
import { useBackdrop } from './view/backdrop'
import { reveal } from '../canvas/reveal'
import { createSizes } from '../../shared/ui/resize'
import { freePlace } from './room'
import { LINE_PX } from './model/place'
import { useApp, useOrigin, useSelf, useSession, useMessages } from '../../stores/hooks'

const Names = lazy(() => import('../mentions/Names').then((m) => m.Names))

const COUNT_FROM = 60
/** between two lines posted one after another, at text scale 1 */
const LINE_GAP_PX = 7
/** screen pixels; with Shift four times as far */
const ARROW_PX = 40

interface CaretProps {
  box: RefObject<HTMLTextAreaElement | null>
  /** px; of the longest line, where there is no room for the usual length */
  widest: number | undefined
}

export function Caret({ box, widest }: CaretProps) {
  const app = useApp()
  const draft = useMessages((s) => s.draft)
  const limit = useSession((s) => s.limits.payload_characters)
  const rule = useSession((s) => ruleOf(s.rules))
  const { color } = useSelf()
  const origin = useOrigin()
  const mirror = useRef<HTMLDivElement>(null)
  const backdrop = useRef<HTMLDivElement>(null)
  useBackdrop(mirror, backdrop)
  const id = draft?.messageId
  const at = draft?.at
  const text = draft?.text ?? ''

  useLayoutEffect(() => {
    // A new draft sets the text of the textarea. Otherwise text only goes from the textarea to the draft.
    put(box.current, app.messages.store.getState().draft?.text ?? '')
  }, [app, box, id])

  useLayoutEffect(() => {
    // A draft from before a reload gets the focus again.
    if (app.messages.store.getState().draft) box.current?.focus({ preventScroll: true })
  }, [app, box])

  useEffect(() => reveal(box.current, app), [app, box, id, at, text])
  useEffect(() => {
    const show = () => reveal(box.current, app)
    // What lies at the edges may grow.
    const sizes = createSizes(show)
    for (const edge of document.querySelectorAll('.edge')) sizes.observe(edge)
    const stop = app.camera.store.subscribe((now, before) => {
      if (now.view !== before.view) show()
    })
    return () => {
      sizes.disconnect()
      stop()
    }
  }, [app, box])

  useLayoutEffect(() => {
    // Phone keyboards may send a line break without a key event: it means send.
    const element = box.current
    const onBefore = (event: InputEvent) => {
      if (event.inputType !== 'insertLineBreak' || event.isComposing || shifted.has(element)) return
      event.preventDefault()
      if (element) app.messages.send(nextLine(element, app))
    }
    element?.addEventListener('beforeinput', onBefore)
    return () => element?.removeEventListener('beforeinput', onBefore)
  }, [app, box])

  const onInput = () => {
    const element = box.current
    if (!element) return
    // The textarea can keep the focus after its draft is gone.
    if (!app.messages.store.getState().draft) {
      app.messages.openCaret(app.camera.store.getState().camera)
    }
    const cleaned = app.messages.write(element.value)
    // Not during a composition of an input method; the text is cleaned when it ends.
    if (cleaned === element.value || composing.has(element)) return
    put(element, cleaned)
  }

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.shiftKey) shifted.add(event.currentTarget)
    else shifted.delete(event.currentTarget)
    const command = commandOf(event.nativeEvent)
    if (command === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      app.messages.send(nextLine(event.currentTarget, app))
    } else if (command === 'Escape') {
      event.preventDefault()
      if (app.panels.closeDialog()) return
      discard(app)
      event.currentTarget.blur()
    } else if (moveKey(event.nativeEvent, app)) event.preventDefault()
  }

  const left = limit - codePoints(text)
  const place = { left: (draft?.at.x ?? 0) - origin.x, top: (draft?.at.y ?? 0) - origin.y }
  const hung = {
    color: ink(color),
    '--widest': widest === undefined ? undefined : `${widest}px`,
  } as CSSProperties
  const dir = directionOf(text)
  return (
    <>
      <div
        className="anchor backdropped caret-backdrop"
        style={place}
        data-open={draft ? '' : undefined}
      >
        <div className="backdrop" ref={backdrop} dir={dir} />
      </div>
      <div
        className="anchor caret"
        translate="no"
        style={{ ...place, ...hung }}
        data-open={draft ? '' : undefined}
        data-x={draft?.at.x}
        data-y={draft?.at.y}
      >
        <div className="message-body" data-held="" dir={dir}>
          <div className="words mirror" ref={mirror} aria-hidden="true">
            {`${text}\u200b`}
          </div>
          <textarea
            ref={box}
            className="words"
            dir="auto"
            rows={1}
            tabIndex={draft ? 0 : -1}
            aria-label={STRINGS.writing}
            aria-hidden={draft ? undefined : true}
            autoComplete="off"
            autoCapitalize="sentences"
            enterKeyHint="send"
            spellCheck={false}
            onInput={onInput}
            onKeyDown={onKeyDown}
            onBlur={() => app.messages.rest()}
            onCompositionStart={(event) => composing.add(event.currentTarget)}
            onCompositionEnd={(event) => {
              composing.delete(event.currentTarget)
              onInput()
            }}
            data-testid="caret"
          />
          {draft && mayMention(text) && <Names box={box} insert={insert} />}
          {/* A region that is always there: one that comes with its text is not announced. */}
          <span className="count" role="status">
            {draft && (left <= COUNT_FROM || draft.cut > 0) ? (
              <span data-testid="count">
                {draft.cut > 0 ? STRINGS.cut(draft.cut) : STRINGS.room(left)}
              </span>
            ) : (
              draft && rule && <span data-testid="caret-rule">{rule}</span>
            )}
          </span>
        </div>
      </div>
    </>
  )
}

function discard(app: Stores) {
  const { draft } = app.messages.store.getState()
  app.messages.dropDraft()
  if (!draft || draft.text.trim() === '') return
  app.toast.show(STRINGS.discarded, () => {
    flushSync(() => app.messages.restoreDraft(draft))
    focusCaret()
  })
}

/** The rule of the channel that concerns you while you write. */
export function ruleOf({ rights, read_only, slow_ms, yours }: Rules): string {
  if (rights === 'read') return STRINGS.mayRead
  if (yours) return ''
  return read_only ? STRINGS.readOnly : slow_ms > 0 ? STRINGS.slow(Math.ceil(slow_ms / 1000)) : ''
}

const composing = new WeakSet<HTMLTextAreaElement>()
/** the last key was pressed with Shift: a line break is meant */
const shifted = new Set<HTMLTextAreaElement | null>()

type Stores = ReturnType<typeof useApp>

/** Replaces the text; the text after the insertion point stays after it. */
function put(element: HTMLTextAreaElement | null, text: string) {
  if (!element || element.value === text) return
  const behind = element.value.length - element.selectionEnd
  element.value = text
  const at = Math.max(0, text.length - behind)
  element.setSelectionRange(at, at)
}

/** As if it were typed. */
export function insert(element: HTMLTextAreaElement | null, text: string) {
  if (!element) return
  element.focus({ preventScroll: true })
  element.setRangeText(text, element.selectionStart, element.selectionEnd, 'end')
  element.dispatchEvent(new InputEvent('input', { bubbles: true }))
}

/** While the draft is empty, arrow keys move the caret. */
function moveKey(event: globalThis.KeyboardEvent, app: Stores): boolean {
  const way = ARROWS[plainCommandOf(event)]
  const { draft } = app.messages.store.getState()
  if (!way || draft?.text !== '') return false
  const reach = (event.shiftKey ? 4 : 1) * ARROW_PX
  const { zoom } = app.camera.store.getState().camera
  const { x, y } = draft.at
  app.messages.openCaret({ x: x + (way[0] * reach) / zoom, y: y + (way[1] * reach) / zoom })
  return true
}

function nextLine(element: HTMLElement, app: Stores): Point {
  return freePlace(below(element.parentElement ?? element, app), app)
}

/** The position of a line right below `element`. */
export function below(element: HTMLElement, app: Stores): Point {
  const { camera } = app.camera.store.getState()
  const body = element.getBoundingClientRect()
  const plane = element.closest('.plane')?.getBoundingClientRect()
  const x = element.dir === 'rtl' ? body.right : body.left
  const lines = (LINE_GAP_PX + LINE_PX / 2) * textScale(camera.zoom)
  const at = { x: x - (plane?.left ?? 0), y: body.bottom - (plane?.top ?? 0) + lines }
  return app.camera.toWorld(at)
}

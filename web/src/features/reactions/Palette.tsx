/*
 * Choosing a reaction without its key: six figures in a row, above the control at the edge or above the point of a
 * long press. Above a point it closes after one choice; at the edge it stays open.
 */
import {
  useLayoutEffect,
  useRef,
  useState,
  type PointerEvent as Press,
  type RefObject,
} from 'react'
import { useStore } from 'zustand'
import { clamp } from '../canvas/model/camera'
import { ink } from '../../shared/palette'
import { REACTIONS } from '@asocial/client/core/reactions'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import type { Choosing } from './store/reactions'
import { useApp, useSelf } from '../../stores/hooks'
import { Figure } from './Bursts'
import { returnFocus, useEscape } from '../../shared/ui/escape'
import { safeArea } from '../../shared/ui/safe-area'

/** between the row and the edges, and between the row and its point */
const EDGE_PX = 10
const ABOVE_PX = 22

export function Palette() {
  const { reactions } = useApp()
  const choosing = useStore(reactions.store, (s) => s.choosing)
  const button = useRef<HTMLButtonElement>(null)
  const here = choosing !== undefined && choosing.target === undefined

  const open = () => {
    const box = button.current?.getBoundingClientRect()
    if (box) reactions.choose({ place: { x: box.left + box.width / 2, y: box.top + ABOVE_PX / 2 } })
  }
  return (
    <>
      <button
        type="button"
        ref={button}
        className="control quiet"
        aria-label={PANEL_STRINGS.react}
        title={PANEL_STRINGS.react}
        aria-expanded={here}
        onPointerDown={keepFocus}
        onClick={() => (here ? reactions.choose(undefined) : open())}
        data-testid="react"
      >
        <Figure kind="heart" />
      </button>
      {choosing && <Row choosing={choosing} button={button} />}
    </>
  )
}

function Row({ choosing, button }: { choosing: Choosing; button: RefObject<HTMLElement | null> }) {
  const app = useApp()
  const { reactions } = app
  const { color } = useSelf()
  const row = useRef<HTMLDivElement>(null)
  const { place, target, byKey } = choosing
  const [opener] = useState(() => document.activeElement)

  useLayoutEffect(() => {
    const element = row.current
    if (!element) return
    const { offsetWidth: width, offsetHeight: height } = element
    const safe = safeArea()
    const within = (at: number, before: number, after: number, length: number, size: number) =>
      clamp(at, Math.max(EDGE_PX, before), length - Math.max(EDGE_PX, after) - size)
    const { innerWidth, innerHeight } = window
    const x = within(place.x - width / 2, safe.left, safe.right, innerWidth, width)
    const y = within(place.y - height - ABOVE_PX, safe.top, safe.bottom, innerHeight, height)
    element.style.left = `${x}px`
    element.style.top = `${y}px`
    if (byKey) element.querySelector('button')?.focus()
  }, [place, byKey])

  const close = () => {
    if (row.current?.contains(document.activeElement)) returnFocus(opener)
    reactions.choose(undefined)
  }
  useEscape(true, close)
  useLayoutEffect(() => {
    const onPress = ({ target: pressed }: PointerEvent) => {
      const own =
        pressed instanceof Node &&
        (row.current?.contains(pressed) || button.current?.contains(pressed))
      if (!own) reactions.choose(undefined)
    }
    window.addEventListener('pointerdown', onPress, true)
    return () => window.removeEventListener('pointerdown', onPress, true)
  }, [reactions, button])

  return (
    <div
      className="palette"
      role="group"
      aria-label={PANEL_STRINGS.reactions}
      ref={row}
      style={{ color: ink(color) }}
      data-testid="palette"
    >
      {REACTIONS.map((kind, i) => (
        <button
          key={kind}
          type="button"
          aria-label={PANEL_STRINGS.reaction[kind]}
          title={`${PANEL_STRINGS.reaction[kind]} (Ctrl+Shift+${i + 1})`}
          onPointerDown={keepFocus}
          onClick={() => {
            const { draft } = app.messages.store.getState()
            reactions.react(kind, target ?? draft?.at ?? app.camera.store.getState().camera)
            if (target) close()
          }}
          data-testid={`react-${kind}`}
        >
          <Figure kind={kind} />
        </button>
      ))}
    </div>
  )
}

/** The focus stays in the caret, so that a reaction does not end a draft. */
const keepFocus = (event: Press) => event.preventDefault()

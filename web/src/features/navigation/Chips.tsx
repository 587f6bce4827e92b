/*
 * People and messages outside the view, each at the edge that it lies behind. A press moves the view there.
 *
 * Computed a few times a second. React renders only when the text of a chip changes; its place is written to the element, so
 * a pan costs one style write for each chip.
 */
import { useLayoutEffect, useRef, useState } from 'react'
import { chipsOf, type Chip, type Rim } from './model/chips'
import { goTo, spotsFor } from './store/finding'
import { screensAway } from '../canvas/model/camera'
import { ink } from '../../shared/palette'
import { STRINGS } from '../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import type { App } from '../../stores/app'
import { useApp } from '../../stores/hooks'
import { COARSE, matches } from '../../shared/ui/media'
import { safeArea } from '../../shared/ui/safe-area'
import { onMoved } from '../canvas/on-moved'

const LOOK_EVERY_MS = 90
const DOTS = 3

interface Shown {
  readonly chip: Chip
  readonly name: string
  readonly colors: readonly (string | undefined)[]
  /** people besides the one named */
  readonly more: number
  readonly typing: boolean
  readonly away: string
}

export function Chips() {
  const app = useApp()
  const [shown, setShown] = useState<readonly Shown[]>([])
  const list = useRef<HTMLDivElement>(null)
  const latest = useRef<readonly Shown[]>([])

  useLayoutEffect(
    () =>
      onMoved(app, LOOK_EVERY_MS, () => {
        const next = look(app)
        const same = signature(next) === signature(latest.current)
        latest.current = next
        if (!same) setShown(next)
        else place(list.current, next)
      }),
    [app],
  )
  useLayoutEffect(() => place(list.current, latest.current), [shown])

  return (
    <nav className="chips" ref={list} aria-label={OTHERS_STRINGS.outside}>
      {shown.map(({ chip, name, colors, more, typing, away }) => (
        <button
          key={chip.key}
          type="button"
          className="chip"
          data-key={chip.key}
          data-side={chip.side}
          data-typing={typing || undefined}
          data-count={more + 1}
          aria-label={
            more === 0
              ? OTHERS_STRINGS.goTo(name, typing, away)
              : OTHERS_STRINGS.goToMany(name, more, typing, away)
          }
          onClick={() => {
            const now = latest.current.find((each) => each.chip.key === chip.key)
            goTo(app, (now ?? { chip }).chip.spots)
          }}
          data-testid="chip"
        >
          <svg className="pointing" viewBox="-6 -6 12 12" aria-hidden="true">
            <path d="M-3 -4.5 4.5 0 -3 4.5Z" />
          </svg>
          <span className="chip-dots">
            {colors.map((color, i) => (
              <i key={i} style={{ color: ink(color) }} />
            ))}
          </span>
          <span className="chip-words">
            <span className="chip-who" style={{ color: ink(colors[0]) }}>
              <bdi translate="no">{name}</bdi>
              {/* Drawn by CSS: the button's label has it in words. */}
              {more > 0 && <b data-more={`+${STRINGS.number(more)}`} />}
              {typing && <i className="writing" />}
            </span>{' '}
            <span className="quiet tabular-nums">{away}</span>
          </span>
        </button>
      ))}
    </nav>
  )
}

function look(app: App): Shown[] {
  const { camera, view } = app.camera.store.getState()
  return chipsOf(camera, view, rimOf(view.width), spotsFor(app)).map((chip) => {
    const { entries } = app.messages.store.getState().messages
    // One person may have several spots: they are named and counted once.
    const people = new Map<string, { name: string; color: string | undefined }>()
    for (const { id, userId } of chip.spots) {
      const profile = userId === undefined ? undefined : app.presence.profile(userId)
      const entry = entries.get(id)
      const name = profile?.name ?? entry?.name ?? STRINGS.someone
      people.set(userId ?? id, { name, color: profile?.color ?? entry?.color })
    }
    const all = [...people.values()]
    const at = chip.spots[0]?.at ?? camera
    return {
      chip,
      name: all[0]?.name ?? STRINGS.someone,
      colors: all.slice(0, DOTS).map(({ color }) => color),
      more: all.length - 1,
      typing: chip.spots.some(({ typing }) => typing),
      away: OTHERS_STRINGS.away(screensAway(camera, view, at)),
    }
  })
}

/** The insets of the chips: above them are the channel and the people, below them the status, the zoom and the minimap. */
function rimOf(width: number): Rim {
  const narrow = width < 560
  const safe = safeArea()
  // The controls begin 10 px from the edge, or at the safe area.
  const [over, under] = [Math.max(10, safe.top), Math.max(10, safe.bottom)]
  const coarse = matches(COARSE)
  const row = coarse ? 54 : 44
  return {
    left: Math.max(10, safe.left),
    right: Math.max(10, safe.right),
    top: over + row,
    bottom: under + row,
    high: coarse ? 50 : 40,
    wide: narrow ? 164 : 280,
    cornerSide: document.dir === 'rtl' ? 'left' : 'right',
    corner: narrow ? { width: 140, height: 156 } : { width: 184, height: 178 },
  }
}

function signature(shown: readonly Shown[]): string {
  return shown
    .map(({ chip, ...shown }) => `${chip.key} ${chip.side} ${JSON.stringify(shown)}`)
    .join('\n')
}

const HANG = { left: '0, -50%', right: '-100%, -50%', top: '-50%, 0', bottom: '-50%, -100%' }

function place(list: HTMLElement | null, shown: readonly Shown[]) {
  const chips = new Map(shown.map(({ chip }) => [chip.key, chip]))
  for (const child of list?.children ?? []) {
    const element = child as HTMLElement
    const chip = chips.get(element.dataset.key ?? '')
    if (!chip) continue
    const { x, y, side, angle } = chip
    element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(${HANG[side]})`
    const arrow = element.firstElementChild as SVGElement | null
    if (arrow) arrow.style.rotate = `${angle.toFixed(2)}rad`
  }
}

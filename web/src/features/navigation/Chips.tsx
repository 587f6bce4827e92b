/*
 * People and messages outside the view: at most three small markers at its edge. A press moves the view there. Who they are
 * is shown under a pointer, with the focus, and at the first tap; the next tap goes there.
 *
 * Computed a few times a second. React renders only when the content of a chip changes; its place is written to the element,
 * so a pan costs one style write for each chip.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { chipsOf, type Chip, type Rim } from './model/chips'
import { goTo, spotsFor } from './store/finding'
import type { Spot } from './model/spots'
import { screensAway, type Size } from '../canvas/model/camera'
import { ink } from '../../shared/palette'
import { STRINGS } from '../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import type { App } from '../../stores/app'
import { useApp } from '../../stores/hooks'
import { COARSE, matches } from '../../shared/ui/media'
import { safeArea } from '../../shared/ui/safe-area'
import { nudgeText } from '../canvas/nudge'
import { onMoved } from '../canvas/on-moved'
import { otherBoxes, textBoxes, type TextBox } from '../canvas/text-boxes'

const LOOK_EVERY_MS = 90
const DOTS = 3
const NAMES = 3
/** the largest chip, whose place must be free; with a coarse pointer a chip is as high as a target must be */
const WIDE_PX = 84
const HIGH_PX = { fine: 32, coarse: 44 }

interface Shown {
  readonly chip: Chip
  readonly names: readonly string[]
  readonly colors: readonly (string | undefined)[]
  readonly count: number
  /** how many are not in `names` */
  readonly more: number
  readonly typing: boolean
  readonly away: string
}

export function Chips() {
  const app = useApp()
  const [shown, setShown] = useState<readonly Shown[]>([])
  /** the key of the chip whose names a tap opened */
  const [opened, setOpened] = useState<string>()
  const touched = useRef(false)
  const list = useRef<HTMLElement>(null)
  const latest = useRef<readonly Shown[]>([])

  useLayoutEffect(
    () =>
      onMoved(app, LOOK_EVERY_MS, () => {
        const next = look(app)
        const same = signature(next) === signature(latest.current)
        latest.current = next
        if (!same) setShown(next)
        else place(list.current, next, app.camera.store.getState().view)
      }),
    [app],
  )
  useLayoutEffect(
    () => place(list.current, latest.current, app.camera.store.getState().view),
    [app, shown],
  )
  useEffect(() => nudgeText(app), [app])
  useEffect(() => {
    if (opened === undefined) return
    const onPress = ({ target }: PointerEvent) => {
      if (!(target instanceof Node) || !list.current?.contains(target)) setOpened(undefined)
    }
    window.addEventListener('pointerdown', onPress, true)
    return () => window.removeEventListener('pointerdown', onPress, true)
  }, [opened])

  const press = (key: string) => {
    if (touched.current && opened !== key) return setOpened(key)
    setOpened(undefined)
    const now = latest.current.find(({ chip }) => chip.key === key)
    if (now) goTo(app, now.chip.spots)
  }
  return (
    <nav className="chips" ref={list} aria-label={OTHERS_STRINGS.outside}>
      {shown.map(({ chip: { key, side }, names, colors, count, more, typing, away }) => (
        <button
          key={key}
          type="button"
          className="chip"
          data-key={key}
          data-side={side}
          data-typing={typing || undefined}
          data-count={count}
          data-open={opened === key || undefined}
          aria-label={
            count === 1 || more === 0
              ? OTHERS_STRINGS.goTo(names[0] ?? '', typing, away)
              : OTHERS_STRINGS.goToMany(names[0] ?? '', count - 1, typing, away)
          }
          onPointerDown={({ pointerType }) => {
            touched.current = pointerType === 'touch'
          }}
          onKeyDown={() => {
            touched.current = false
          }}
          onClick={() => press(key)}
          data-testid="chip"
        >
          <span className="chip-mark">
            <svg className="pointing" viewBox="-12 -12 24 24" aria-hidden="true">
              <path d="M12 0-11-4.5-8 0-11 4.5Z" style={{ color: ink(colors[0]) }} />
            </svg>
            <span className="chip-dots">
              {colors.map((color, i) => (
                <i key={i} style={{ color: ink(color) }} />
              ))}
            </span>
            {/* Drawn by CSS: the button's label has it in words. */}
            {count > 1 && <b data-number={STRINGS.number(count)} />}
            {typing && <i className="writing" style={{ color: ink(colors[0]) }} />}
          </span>
          <span className="chip-names">
            <bdi translate="no" style={{ color: count === 1 ? ink(colors[0]) : undefined }}>
              {names.join(', ')}
            </bdi>
            {more > 0 && <span> {OTHERS_STRINGS.more(more)}</span>}{' '}
            <span className="quiet tabular-nums">{away}</span>
          </span>
        </button>
      ))}
    </nav>
  )
}

function look(app: App): Shown[] {
  const { camera, view } = app.camera.store.getState()
  const texts = textBoxes()
  const isRead = readableIn(texts, view)
  const spots = spotsFor(app).filter((spot) => !isRead(spot))
  return chipsOf(camera, view, rimOf(), spots, [...texts, ...otherBoxes()]).map((chip) => {
    const { entries } = app.messages.store.getState().messages
    // One person may have several spots: they are named and counted once.
    const people = new Map<string, { name: string; color: string | undefined }>()
    let unnamed = 0
    for (const { id, userId, kind, people: n = 0 } of chip.spots) {
      if (kind === 'place') {
        // A message without its author is somebody's too.
        unnamed += Math.max(1, n)
        continue
      }
      const profile = userId === undefined ? undefined : app.presence.profile(userId)
      const entry = entries.get(id)
      const name = profile?.name ?? entry?.name ?? STRINGS.someone
      people.set(userId ?? id, { name, color: profile?.color ?? entry?.color })
    }
    const named = [...people.values()]
    const at = chip.spots[0]?.at ?? camera
    const count = named.length + unnamed
    const shown = named.slice(0, NAMES).map(({ name }) => name)
    const dots = [...named.map(({ color }) => color), ...Array<undefined>(unnamed)]
    return {
      chip,
      names: shown.length > 0 ? shown : [OTHERS_STRINGS.persons(unnamed)],
      colors: dots.slice(0, DOTS),
      count,
      more: shown.length > 0 ? count - shown.length : 0,
      typing: chip.spots.some(({ typing }) => typing),
      away: OTHERS_STRINGS.away(screensAway(camera, view, at)),
    }
  })
}

/** Text that is read whole in the view needs no chip, wherever its point is. */
function readableIn(texts: readonly TextBox[], { width, height }: Size) {
  const whole = texts.filter(
    ({ left, top, right, bottom }) => left >= 0 && top >= 0 && right <= width && bottom <= height,
  )
  const keys = new Set(whole.map(({ anchor }) => anchor.dataset.key))
  const drafts = whole.filter(({ anchor }) => anchor.dataset.testid === 'draft')
  const writers = new Set(drafts.map(({ anchor }) => anchor.dataset.userId))
  return ({ id, userId, typing }: Spot) => keys.has(id) || (typing && writers.has(userId))
}

/** Above the chips are the channel and the people, below them the status and the zoom. */
function rimOf(): Rim {
  const safe = safeArea()
  const coarse = matches(COARSE)
  const row = coarse ? 48 : 40
  // The controls begin 10 px from the edge, or at the safe area.
  return {
    left: Math.max(6, safe.left),
    right: Math.max(6, safe.right),
    top: Math.max(10, safe.top) + row,
    bottom: Math.max(10, safe.bottom) + row,
    wide: WIDE_PX,
    high: coarse ? HIGH_PX.coarse : HIGH_PX.fine,
  }
}

function signature(shown: readonly Shown[]): string {
  return shown
    .map(({ chip, ...shown }) => `${chip.key} ${chip.side} ${JSON.stringify(shown)}`)
    .join('\n')
}

/** A chip at a side begins at that edge, whatever its width; its `x` is the middle of the largest one. */
const HANG = {
  left: [-WIDE_PX / 2, '0, -50%'],
  right: [WIDE_PX / 2, '-100%, -50%'],
  top: [0, '-50%, -50%'],
  bottom: [0, '-50%, -50%'],
} as const

function place(list: HTMLElement | null, shown: readonly Shown[], view: Size) {
  const chips = new Map(shown.map(({ chip }) => [chip.key, chip]))
  for (const child of list?.children ?? []) {
    const element = child as HTMLElement
    const chip = chips.get(element.dataset.key ?? '')
    if (!chip) continue
    const { x, y, side, angle } = chip
    const [aside, hang] = HANG[side]
    element.style.transform = `translate(${(x + aside).toFixed(1)}px, ${y.toFixed(1)}px) translate(${hang})`
    // The names of a chip at the left begin there, those of one at the right end there.
    element.style.setProperty('--across', (x / view.width).toFixed(3))
    const arrow = element.querySelector<SVGElement>('.pointing')
    if (arrow) arrow.style.rotate = `${angle.toFixed(2)}rad`
  }
}

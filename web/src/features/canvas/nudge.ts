/*
 * Moves text that the edge of the view cuts off into the view, and dots off it (rules: model/nudge.ts), once the camera
 * rests. In a crowd text stays where it is: measuring it would cost frames.
 */
import type { App } from '../../stores/app'
import { moved as movedBy, type Box } from './model/boxes'
import type { Point } from './model/camera'
import { nudgesOf, nudgesOfDots, wayInto } from './model/nudge'
import { dotBoxes, frameOf, textBoxes, type TextBox } from './text-boxes'

const REST_MS = 170
/** after text changed, so that many changes are looked at once */
const CHANGED_MS = 50
const TEXTS_MAX = 40

/** Returns a function that ends it. */
export function nudgeText(app: App): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0
  let moved: readonly HTMLElement[] = []

  const look = () => {
    asked = 0
    const { camera, view } = app.camera.store.getState()
    const [opened, texts] = split(textBoxes(), isOpened)
    const before = moved
    moved = []
    if (texts.length <= TEXTS_MAX) {
      const unmovedOf = (found: readonly TextBox[]) =>
        found.map((each) => unmoved(each, each.anchor, camera.zoom))
      const move = (found: readonly TextBox[], ways: readonly Point[]) =>
        found
          .filter(({ anchor }, i) => nudge(anchor, ways[i], camera.zoom))
          .map(({ anchor }) => anchor)
      const boxes = unmovedOf(texts)
      const frame = frameOf(view)
      const ways = nudgesOf(boxes, frame)
      const placed = boxes.map((box, i) => {
        const { x, y } = ways[i] as Point
        return movedBy(box, x, y)
      })
      const dots = dotBoxes()
      const waysOfDots = nudgesOfDots(unmovedOf(dots), placed)
      // What was a dot lies on what is around it.
      const waysOfOpened = unmovedOf(opened).map((box) => wayInto(box, frame))
      moved = [...move(texts, ways), ...move(dots, waysOfDots), ...move(opened, waysOfOpened)]
    }
    for (const anchor of before) if (!moved.includes(anchor)) nudge(anchor, undefined, 1)
  }
  const ask = () => {
    timer = undefined
    asked ||= requestAnimationFrame(look)
  }
  // Text that comes, goes, or grows.
  const observer = new MutationObserver(() => {
    timer ??= setTimeout(ask, CHANGED_MS)
  })
  const world = document.querySelector('.world')
  if (world) observer.observe(world, { childList: true, characterData: true, subtree: true })
  const stop = app.camera.store.subscribe(() => {
    clearTimeout(timer)
    timer = setTimeout(ask, REST_MS)
  })
  ask()
  return () => {
    clearTimeout(timer)
    cancelAnimationFrame(asked)
    observer.disconnect()
    stop()
  }
}

const isOpened = ({ anchor }: TextBox) => anchor.dataset.dot === 'open'

const split = <T>(list: readonly T[], is: (each: T) => boolean): [T[], T[]] => [
  list.filter(is),
  list.filter((each) => !is(each)),
]

/** Where the text would be without its nudge, also while it moves. */
function unmoved({ left, top, right, bottom }: Box, anchor: HTMLElement, zoom: number): Box {
  if (anchor.style.translate === '') return { left, top, right, bottom }
  // 'none' at the very start of the movement.
  const [x = 0, y = 0] = getComputedStyle(anchor)
    .translate.split(' ')
    .map((length) => Number.parseFloat(length) || 0)
  return {
    left: left - x * zoom,
    top: top - y * zoom,
    right: right - x * zoom,
    bottom: bottom - y * zoom,
  }
}

/** Returns true if it is moved. The backdrop of a text is the element before it. */
function nudge(anchor: HTMLElement, by: Point | undefined, zoom: number): boolean {
  const moves = by !== undefined && (by.x !== 0 || by.y !== 0)
  const translate = moves ? `${(by.x / zoom).toFixed(1)}px ${(by.y / zoom).toFixed(1)}px` : ''
  const backdrop = anchor.previousElementSibling as HTMLElement | null
  for (const each of backdrop?.matches('.backdropped') ? [backdrop, anchor] : [anchor]) {
    if (each.style.translate !== translate) each.style.translate = translate
  }
  return moves
}

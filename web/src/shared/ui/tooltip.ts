/*
 * The labels of controls, shown while a pointer rests on one, while it has the focus and a key has moved it there, and after
 * a long press with a finger. One element for the whole page, over everything, within the view, in the direction of the text.
 *
 * A label is the `title`, or the name for screen readers where that is not what the control shows. The browser's own
 * tooltip does not appear: the title becomes an attribute of ours, and the description for screen readers.
 */
import { safeArea } from './safe-area'

const SHOW_MS = 350
const LONG_MS = 480
const EDGE_PX = 6
const GAP_PX = 6

/**
 * `controls`: a selector; `before`: the last events of the focus and of the pointer before this file came;
 * `isMovedByKey`: a key moves the focus now. A text field always matches `:focus-visible`, also where a finger or the page
 * gave it the focus.
 */
export function startTooltips(
  controls: string,
  before: (Event | undefined)[],
  isMovedByKey: () => boolean,
) {
  const controlAt = (target: EventTarget | null) =>
    target instanceof Element ? target.closest(controls) : null
  const tip = document.createElement('div')
  tip.className = 'tooltip'
  tip.dataset.testid = 'tooltip'
  // The control has this text as its name or description already.
  tip.setAttribute('aria-hidden', 'true')
  let shown: Element | undefined
  /**
   * The control has the focus. Its label stays when a pointer moves elsewhere: one that rests comes to other elements by
   * itself, because what is below it moves.
   */
  let stays = false
  let timer: ReturnType<typeof setTimeout> | undefined
  /** a finger rests on a control: the click at its end only ends the tooltip */
  let long = false

  const hide = () => {
    clearTimeout(timer)
    shown = undefined
    stays = false
    tip.remove()
  }
  const pointerGone = () => {
    if (!stays) hide()
  }
  const show = (control: Element) => {
    const text = labelOf(control)
    if (text === '' || !control.isConnected) return hide()
    shown = control
    tip.textContent = text
    // Behind an open dialog nothing is seen.
    ;(control.closest('dialog') ?? document.body).append(tip)
    place(tip, control.getBoundingClientRect())
  }
  const soon = (control: Element, ms: number) => {
    if (control === shown) return
    hide()
    timer = setTimeout(() => show(control), ms)
  }

  const onOver = ({ target, pointerType }: PointerEvent) => {
    if (pointerType === 'touch') return
    const control = controlAt(target)
    if (control) soon(control, SHOW_MS)
    else pointerGone()
  }
  const focused = ({ target }: Event) => {
    const control = controlAt(target)
    if (!control || control !== target || control !== document.activeElement) return hide()
    show(control)
    stays = shown === control
  }
  const onFocus = (event: Event) => (isMovedByKey() ? focused(event) : hide())
  const onDown = ({ target, pointerType }: PointerEvent) => {
    long = false
    hide()
    const control = controlAt(target)
    if (pointerType !== 'touch' || !control) return
    timer = setTimeout(() => {
      show(control)
      long = shown !== undefined
    }, LONG_MS)
  }
  const onUp = () => clearTimeout(timer)
  const onClick = (event: Event) => {
    if (!long || !controlAt(event.target)) return
    long = false
    event.preventDefault()
    event.stopPropagation()
  }
  document.addEventListener('pointerover', onOver)
  document.addEventListener('focusin', onFocus)
  document.addEventListener('focusout', hide)
  document.addEventListener('pointerdown', onDown, true)
  document.addEventListener('pointerup', onUp, true)
  document.addEventListener('pointercancel', onUp, true)
  document.addEventListener('click', onClick, true)
  document.addEventListener('keydown', hide, true)
  document.addEventListener('contextmenu', (event) => long && event.preventDefault())
  document.documentElement.addEventListener('pointerleave', pointerGone)
  for (const event of before) {
    if (event?.type === 'focusin') focused(event)
    else if (event?.type === 'pointerdown') onDown(event as PointerEvent)
    else if (event?.type === 'pointerover') onOver(event as PointerEvent)
  }
}

/** What to say about a control; '' where it says it itself. */
function labelOf(control: Element): string {
  const { title } = control as HTMLElement
  const name = control.getAttribute('aria-label')
  if (title !== '') {
    control.setAttribute('data-tip', title)
    control.removeAttribute('title')
    if (name !== null && name !== title) control.setAttribute('aria-description', title)
  }
  const text = control.getAttribute('data-tip') ?? name ?? ''
  // An empty field shows its placeholder.
  const { innerText, placeholder = '' } = control as HTMLInputElement
  return [innerText.trim(), placeholder].includes(text) ? '' : text
}

/** Above the control if it is in the lower half of the view, else below it; never beyond an edge. */
function place(tip: HTMLElement, { left, top, right, bottom }: DOMRect) {
  const { innerWidth, innerHeight } = window
  const { offsetWidth: width, offsetHeight: height } = tip
  const safe = safeArea()
  const least = safe.left + EDGE_PX
  const most = innerWidth - safe.right - EDGE_PX - width
  const above = top + bottom > innerHeight
  tip.style.left = `${Math.max(least, Math.min(most, (left + right - width) / 2))}px`
  tip.style.top = `${above ? top - GAP_PX - height : bottom + GAP_PX}px`
}

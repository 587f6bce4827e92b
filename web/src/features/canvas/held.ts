/*
 * Elements on the plane that take presses themselves.
 */

/** Text and its buttons can be selected and pressed. */
export function isHeld(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-held]') !== null
}

/** A link is pressed, but dragging from it moves the plane. */
export function isLink(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a[href]') !== null
}

export function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('button, textarea') !== null
}

/** A mouse selects text by dragging over it; a finger pans, wherever it starts. */
export function isKept({ target, pointerType }: PointerEvent): boolean {
  if (pointerType === 'touch') return isControl(target)
  return isHeld(target) && !isLink(target)
}

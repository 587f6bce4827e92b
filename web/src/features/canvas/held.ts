/*
 * What lies on the plane without being the plane.
 */

/** Words and their buttons are not the plane: they can be selected and pressed. */
export function isHeld(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-held]') !== null
}

/** A link is pressed, but dragging from it moves the plane, as from anything that is not read letter by letter. */
export function isLink(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a[href]') !== null
}

/** A mouse selects words by dragging over them; a finger pans wherever it is put down. */
export function isKept({ target, pointerType }: PointerEvent): boolean {
  if (pointerType === 'touch') {
    return target instanceof Element && target.closest('button, textarea') !== null
  }
  return isHeld(target) && !isLink(target)
}

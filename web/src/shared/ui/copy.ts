/*
 * Copies text to the clipboard.
 */

/** The selected text, if the selection begins within `element`; else ''. */
export function selectionIn(element: Element): string {
  const selection = getSelection()
  return selection && element.contains(selection.anchorNode) ? selection.toString() : ''
}

/** The clipboard API is missing on http at a LAN address; the old command still works there. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const before = document.activeElement as HTMLElement | null
    const area = document.createElement('textarea')
    area.value = text
    area.className = 'sr-only'
    document.body.append(area)
    area.select()
    let done = false
    try {
      done = document.execCommand('copy')
    } catch {
      // Then the user copies it by hand.
    }
    area.remove()
    before?.focus({ preventScroll: true })
    return done
  }
}

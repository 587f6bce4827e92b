/*
 * Dropping onto the page: text becomes a draft, and files and links do not make the browser leave the page.
 */
/** A text field handles dropped text itself; a dropped file would still replace the page. */
const isItsOwn = ({ target, dataTransfer }: DragEvent) =>
  takesText(target) && dataTransfer?.types.includes('Files') === false

function takesText(target: EventTarget | null): boolean {
  const isField = target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement
  // Sliders and checkboxes have no selection.
  return isField && target.selectionStart !== null && !target.readOnly && !target.disabled
}

/** The dropped text, or the address of a link; '' for files. */
export function textOf(dragged: DataTransfer | null): string {
  if (!dragged || dragged.types.includes('Files')) return ''
  const addresses = dragged.getData('text/uri-list').split(/\r?\n/)
  return dragged.getData('text/plain') || (addresses.find((line) => !line.startsWith('#')) ?? '')
}

/** For the whole page. */
export function stayOnDrop() {
  for (const name of ['dragenter', 'dragover', 'drop'] as const) {
    window.addEventListener(name, (event) => {
      if (isItsOwn(event)) return
      const { dataTransfer, defaultPrevented } = event
      event.preventDefault()
      // `defaultPrevented`: an element of the page takes it.
      if (dataTransfer && !defaultPrevented) dataTransfer.dropEffect = 'none'
    })
  }
}

/*
 * What is dragged onto the page: text goes where people write, and nothing makes the browser leave the page, as a
 * dropped file or link would.
 */
/** A text field takes text by itself; a file dropped on one would still be opened in place of the page. */
const isItsOwn = ({ target, dataTransfer }: DragEvent) =>
  takesText(target) && dataTransfer?.types.includes('Files') === false

function takesText(target: EventTarget | null): boolean {
  const isField = target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement
  // Sliders and boxes have no selection.
  return isField && target.selectionStart !== null && !target.readOnly && !target.disabled
}

/** What can be written of it: text, or the address of a link. '' for files. */
export function textOf(dragged: DataTransfer | null): string {
  if (!dragged || dragged.types.includes('Files')) return ''
  const addresses = dragged.getData('text/uri-list').split(/\r?\n/)
  return dragged.getData('text/plain') || (addresses.find((line) => !line.startsWith('#')) ?? '')
}

/** For all of the page, whatever is shown on it. */
export function stayOnDrop() {
  for (const name of ['dragenter', 'dragover', 'drop'] as const) {
    window.addEventListener(name, (event) => {
      if (isItsOwn(event)) return
      const { dataTransfer, defaultPrevented } = event
      event.preventDefault()
      // Somebody on the page who takes it has said so.
      if (dataTransfer && !defaultPrevented) dataTransfer.dropEffect = 'none'
    })
  }
}

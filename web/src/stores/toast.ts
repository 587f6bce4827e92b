/*
 * A short line at the lower edge that says what was done, with Undo where it can be undone. One at a time.
 */
import { createStore } from '../shared/store/store'

export interface Toast {
  readonly id: number
  readonly text: string
  readonly undo: (() => void) | undefined
}

export function createToast() {
  const store = createStore<{ readonly toast: Toast | undefined }>(() => ({ toast: undefined }))
  const close = () => store.setState({ toast: undefined })
  let last = 0
  return {
    store,
    close,
    show: (text: string, undo?: () => void) =>
      store.setState({ toast: { id: ++last, text, undo } }),
    /** Undoes what the line is about. False: there is nothing to undo. */
    undo(): boolean {
      const { toast } = store.getState()
      if (!toast?.undo) return false
      close()
      toast.undo()
      return true
    },
  }
}

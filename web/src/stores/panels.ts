/*
 * What is open at the edge: one panel at a time, or none.
 */
import { createStore } from '../shared/store/store'

export type Panel =
  'people' | 'settings' | 'history' | 'channels' | 'share' | 'sealed' | 'help' | 'commands'

const DIALOGS: readonly (Panel | undefined)[] = ['commands', 'help', 'settings']

export function createPanels() {
  const store = createStore<{ readonly open: Panel | undefined }>(() => ({ open: undefined }))
  return {
    store,
    open: (panel: Panel) => store.setState({ open: panel }),
    /** Closes `panel`; another one that is open by now stays. */
    close(panel: Panel) {
      if (store.getState().open === panel) store.setState({ open: undefined })
    },
    /** Closes a dialog that has not taken the focus yet, because it is still loading. False: there is none. */
    closeDialog() {
      if (!DIALOGS.includes(store.getState().open)) return false
      store.setState({ open: undefined })
      return true
    },
    toggle: (panel: Panel) =>
      store.setState({ open: store.getState().open === panel ? undefined : panel }),
  }
}

export type Panels = ReturnType<typeof createPanels>

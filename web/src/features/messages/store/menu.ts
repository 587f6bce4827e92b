/*
 * Which message's menu is open.
 */
import { createStore } from '../../../shared/store/store'

export function createMenu() {
  const store = createStore<{ readonly key: string | undefined }>(() => ({ key: undefined }))
  return {
    store,
    /** `key`: of the message (@asocial/client/core/messages). */
    open: (key: string) => store.setState({ key }),
    close: () => store.setState({ key: undefined }),
  }
}

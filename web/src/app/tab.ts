/*
 * The storage of one tab. "Duplicate tab", and a window that a page opens, get a copy of the tab's storage, including
 * drafts. So an open page writes its id there and removes it when it closes. A page that finds the id of another open page
 * has a copy, and starts with empty storage. A page that crashed does not answer, so the storage it left is used.
 */
import { browserStorage, type Deps } from '../shared/store/deps'

const PAGE = 'page'
/** how long an open page may take to answer; only a copy waits, or a page after a crash */
const ANSWER_WITHIN_MS = 500

/** Calls `then` once it is known whether the storage is a copy: nearly always at once. */
export function openTab(then: (tab: Deps['tab']) => void) {
  const tab = browserStorage('sessionStorage')
  const self = Math.random().toString(36).slice(2)

  let leave: (() => void) | undefined
  const live = () => {
    if (leave) return
    tab.write(PAGE, self)
    const channel = listen(({ asked }, answer) => asked === self && answer({ here: self }))
    leave = () => {
      leave = undefined
      tab.write(PAGE, '')
      channel?.close()
    }
  }
  const begin = () => {
    live()
    // An open BroadcastChannel keeps a page out of the back/forward cache. A page that still writes was not unloaded.
    addEventListener('pagehide', () => leave?.())
    addEventListener('pageshow', live)
    then({
      read: tab.read,
      write(key, value) {
        live()
        tab.write(key, value)
      },
    })
  }
  const before = tab.read(PAGE)
  if (!before) return begin()
  askIfOpen(before, (open) => {
    if (open) empty()
    begin()
  })
}

interface TabMessage {
  readonly asked?: string
  readonly here?: string
}

function listen(onMessage: (message: TabMessage, answer: (message: TabMessage) => void) => void) {
  // Missing in Safari before 15.4.
  if (typeof BroadcastChannel !== 'function') return undefined
  const channel = new BroadcastChannel('asocial.pages')
  channel.onmessage = ({ data }: MessageEvent<TabMessage>) =>
    onMessage(data, (message) => channel.postMessage(message))
  return channel
}

function askIfOpen(page: string, then: (open: boolean) => void) {
  const known = (open: boolean) => {
    clearTimeout(timer)
    channel?.close()
    then(open)
  }
  const channel = listen(({ here }) => here === page && known(true))
  const timer = setTimeout(() => known(false), channel ? ANSWER_WITHIN_MS : 0)
  channel?.postMessage({ asked: page })
}

function empty() {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith('asocial.')) sessionStorage.removeItem(key)
  }
}

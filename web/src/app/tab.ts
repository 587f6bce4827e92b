/*
 * What is kept for one tab. "Duplicate tab", and a window that a page opens, get a copy of the tab's storage, drafts
 * included. So the page that lives in a tab writes its name there, and takes it out when it goes: a page that finds
 * the name of another one that still lives has a copy, and starts empty. A page that crashed does not answer; what it
 * left is there again.
 */
import { browserStorage, type Deps } from '../shared/store/deps'

const PAGE = 'page'
/** how long a living page may take to answer, ms; waited for only in a copy, and after a crash */
const ANSWER_WITHIN_MS = 500

/** Calls `then` when it is known whose the tab's storage is: nearly always at once. */
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
    // A page in the back/forward cache must hold no channel. One that writes was not unloaded after all.
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
  whetherAlive(before, (alive) => {
    if (alive) empty()
    begin()
  })
}

interface Told {
  readonly asked?: string
  readonly here?: string
}

function listen(hear: (told: Told, answer: (told: Told) => void) => void) {
  // Missing in Safari before 15.4.
  if (typeof BroadcastChannel !== 'function') return undefined
  const channel = new BroadcastChannel('asocial.pages')
  channel.onmessage = ({ data }: MessageEvent<Told>) =>
    hear(data, (told) => channel.postMessage(told))
  return channel
}

function whetherAlive(page: string, then: (alive: boolean) => void) {
  const known = (alive: boolean) => {
    clearTimeout(timer)
    channel?.close()
    then(alive)
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

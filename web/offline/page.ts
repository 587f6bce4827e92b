/*
 * What the service worker shows when the page itself cannot be had: it says so, and looks again, at a
 * press, when the system reports a network, and every few seconds besides, because a server that
 * was away announces nothing.
 */
import { routeOf } from '../src/features/channel/model/names'
import { SHARING_STRINGS } from '../src/shared/i18n/en-sharing'
import './page.css'

const FIRST_LOOK_MS = 3_000
const LONGEST_MS = 30_000

/** The address asked for; this page under its own name leads to the start. */
const wanted = location.pathname === '/offline.html' ? '/' : location.pathname

let wait = FIRST_LOOK_MS
let timer: ReturnType<typeof setTimeout> | undefined

async function look() {
  clearTimeout(timer)
  again.disabled = true
  again.textContent = SHARING_STRINGS.looking
  try {
    const answer = await fetch(wanted, { method: 'HEAD', cache: 'no-store' })
    if (answer.ok) return open()
  } catch {
    // Still none.
  }
  again.disabled = false
  again.textContent = SHARING_STRINGS.again
  lookLater()
}

function open() {
  if (wanted === location.pathname) location.reload()
  else location.replace(wanted)
}

/** Nobody looks at a hidden page, so it does not look either. */
function lookLater() {
  clearTimeout(timer)
  if (document.visibilityState === 'hidden') return
  timer = setTimeout(() => void look(), wait)
  wait = Math.min(LONGEST_MS, wait * 1.5)
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, text: string) {
  const made = document.createElement(name)
  made.textContent = text
  return made
}

const again = element('button', SHARING_STRINGS.again)
again.type = 'button'
again.dataset.testid = 'again'
again.addEventListener('click', () => void look())

const route = routeOf(wanted)
const place = element('p', route.kind === 'channel' ? route.channel : '')
place.className = 'place'
document.title = SHARING_STRINGS.offlineTitle
document
  .getElementById('offline')
  ?.append(
    place,
    element('h1', SHARING_STRINGS.offline),
    element('p', SHARING_STRINGS.offlineWhy),
    again,
  )

const soon = () => {
  wait = FIRST_LOOK_MS
  void look()
}
window.addEventListener('online', soon)
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') clearTimeout(timer)
  else soon()
})
lookLater()

/*
 * What the service worker shows when the page cannot be loaded. It tries again at a press, when the system reports a
 * network, and every few seconds, because a server that comes back announces nothing.
 */
import { routeOf } from '../src/features/channel/model/names'
import { SHARING_STRINGS } from '../src/shared/i18n/en-sharing'
import { showStoredTheme } from '../src/shared/ui/theme'
import './page.css'

showStoredTheme()

const FIRST_LOOK_MS = 3_000
const LONGEST_MS = 30_000

/** The address that was opened. Under its own address this page leads to the start page. */
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
    // Still no network.
  }
  again.disabled = false
  again.textContent = SHARING_STRINGS.again
  lookLater()
}

function open() {
  if (wanted === location.pathname) location.reload()
  else location.replace(wanted)
}

/** A hidden page does not try. */
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

/*
 * Makes sure that nobody gets an empty page.
 *
 * During a rollout the page may come from one build, and its files be requested from another, which lacks them. They are
 * requested again, and if that does not help the page is reloaded, once. A page that failed, or never started, is replaced
 * by a plain message with a button.
 *
 * It is a classic script in old syntax, under a name that every build has, and needs nothing of the page: it must run when
 * the page does not (vite.startup.config.ts).
 */
import { chooseLanguage } from '../src/shared/i18n/language'
import { TROUBLE, type Trouble } from '../src/shared/ui/trouble'

type FileElement = HTMLScriptElement | HTMLLinkElement

/** Between two requests for a file that is missing. */
const WAITS_MS = [100, 100, 200, 300, 400, 500, 700, 1_000, 1_500]
const LOOK_EVERY_MS = 1_000
/** A script that has loaded has this long to show something. */
const SOON_MS = 200
/** An empty page with all its files has failed; a slow network may take long for a part that comes later. */
const EMPTY_MS = 8_000
const RELOADED_KEY = 'asocial.reloaded'
/** No second automatic reload within this time. */
const RELOAD_AGAIN_MS = 5 * 60_000
/** How often the page is requested before a reload, to bring the files of both builds into the browser's cache. */
const WARM_TIMES = 4

const wait = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Files that are being requested again. */
const awaited = new Set<string>()
let reloading = false
let emptySince: number | undefined
let shown: Trouble | undefined

// --- files ---

/** Some servers answer missing files with their start page. */
function isThere(url: string): Promise<boolean> {
  return fetch(url).then(
    (answer) => answer.ok && !/html/.test(answer.headers.get('Content-Type') || ''),
    () => false,
  )
}

async function askAgain(element: FileElement) {
  const url = element instanceof HTMLScriptElement ? element.src : element.href
  // The file is there now, and still fails: Firefox remembers a failed module until a reload.
  if (awaited.has(url)) return reloadOnce()
  awaited.add(url)
  for (const ms of WAITS_MS) {
    await wait(ms)
    if (await isThere(url)) return insertAgain(element, url)
  }
  return reloadOnce()
}

/** Under the same address: a module under two addresses would run twice. */
function insertAgain(element: FileElement, url: string) {
  const next = document.createElement(element.localName) as FileElement
  for (const { name, value } of Array.from(element.attributes)) next.setAttribute(name, value)
  next.addEventListener('load', () => awaited.delete(url))
  element.replaceWith(next)
}

async function reloadOnce() {
  if (reloading) return
  if (!noteReload()) return show('missing')
  reloading = true
  for (let i = 0; i < WARM_TIMES; i += 1) {
    try {
      const page = await (await fetch(location.pathname, { cache: 'no-store' })).text()
      await Promise.all((page.match(/\/assets\/[\w.-]+\.(js|css)/g) || []).map(isThere))
    } catch {
      // No network.
    }
  }
  location.reload()
}

/** False: there was a reload a moment ago, or the storage is forbidden. */
function noteReload(): boolean {
  try {
    const now = Date.now()
    if (Math.abs(now - Number(sessionStorage.getItem(RELOADED_KEY))) < RELOAD_AGAIN_MS) return false
    sessionStorage.setItem(RELOADED_KEY, String(now))
    return sessionStorage.getItem(RELOADED_KEY) === String(now)
  } catch {
    return false
  }
}

// --- watching ---

const isEmpty = () => !document.querySelector('#page > * > *')

/** Files of the first load; the page handles its later ones (shared/ui/lazy.tsx). */
const isOurs = (target: EventTarget | null): target is FileElement =>
  target instanceof HTMLScriptElement
    ? target.type === 'module'
    : target instanceof HTMLLinkElement &&
      target.rel === 'stylesheet' &&
      document.readyState !== 'complete'

/** Requests files again that failed before this script ran. A module that did load does not run twice. */
function askForLost() {
  const styles = document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')
  for (const style of Array.from(styles)) if (!hasRules(style)) askOnce(style, style.href)
  if (!isEmpty()) return
  const scripts = document.querySelectorAll<HTMLScriptElement>('script[type=module][src]')
  for (const script of Array.from(scripts)) askOnce(script, script.src)
}

const askOnce = (element: FileElement, url: string) => awaited.has(url) || void askAgain(element)

/** Some browsers have an empty style sheet for one that did not load. */
function hasRules({ sheet }: HTMLLinkElement): boolean {
  try {
    return sheet !== null && sheet.cssRules.length > 0
  } catch {
    return false
  }
}

let asked = false

function look() {
  if (document.readyState !== 'complete' || reloading) return
  if (!asked) {
    asked = true
    askForLost()
  }
  if (!isEmpty()) {
    emptySince = undefined
    if (shown === 'failed') hide()
    return
  }
  emptySince = emptySince || performance.now()
  if (performance.now() - emptySince > EMPTY_MS) show('failed')
}

addEventListener(
  'error',
  ({ target }) => {
    if (isOurs(target)) void askAgain(target)
    // An error of a script: check whether the page is still there.
    else if (target === window) setTimeout(() => isEmpty() && !awaited.size && show('failed'), 500)
  },
  true,
)
addEventListener(TROUBLE, (event) => {
  if ((event as CustomEvent<Trouble>).detail === 'missing') void reloadOnce()
  else show('failed')
})
setInterval(look, LOOK_EVERY_MS)
addEventListener('load', () => setTimeout(look, SOON_MS))
setTimeout(look, SOON_MS)

// --- the message ---

const find = (selector: string) => document.querySelector<HTMLElement>(`#trouble${selector}`)

function hide() {
  const message = find('')
  if (message) message.hidden = true
  // `hidden` yields to any other `display`.
  if (message) message.style.cssText = ''
  shown = undefined
}

function show(trouble: Trouble) {
  if (shown || reloading) return
  const inLanguage = ` [lang=${languageOf()}]`
  const message = find('')
  const words = find(inLanguage)
  const title = find(`${inLanguage} [data-trouble=${trouble}]`)
  const kept = find(`${inLanguage} [data-kept]`)
  const button = find(`${inLanguage} button`)
  if (!message || !words || !title || !kept || !button) return
  shown = trouble
  const titles = words.querySelectorAll('h1')
  for (const each of Array.from(titles)) each.hidden = each !== title
  message.hidden = words.hidden = false
  kept.hidden = !canKeep()
  button.onclick = () => location.reload()
  // Not in a style sheet, which may be what is missing.
  message.style.cssText = STYLE
  title.style.cssText = 'margin:0;font:inherit;font-weight:600'
  button.style.cssText = BUTTON_STYLE
}

const STYLE =
  'position:fixed;top:0;right:0;bottom:0;left:0;z-index:99;padding:24px;display:flex;align-items:center;' +
  'justify-content:center;text-align:center;font:16px/24px system-ui,sans-serif;' +
  'background:var(--ground,Canvas);color:var(--ink,CanvasText)'
const BUTTON_STYLE =
  'min-height:44px;margin-top:20px;padding:0 20px;border:1px solid;border-radius:22px;background:none;' +
  'color:inherit;font:inherit;cursor:pointer'

function languageOf() {
  let chosen = ''
  try {
    chosen = String(JSON.parse(localStorage.getItem('asocial.settings') || '{}').language || '')
  } catch {
    // Then the browser's languages.
  }
  return chooseLanguage(chosen, navigator.languages || [navigator.language || ''])
}

function canKeep(): boolean {
  try {
    return sessionStorage.length >= 0
  } catch {
    return false
  }
}

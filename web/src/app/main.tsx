/*
 * The composition root: address, stores, connection, page.
 */
import '../shared/ui/tolerant-dom'
import { StrictMode, type ReactNode } from 'react'
import { routeOf } from '../features/channel/model/names'
import { sightOf } from '../features/canvas/model/sight'
import { createEntryViews } from '../features/canvas/store/entry-views'
import { readSpot } from '../features/canvas/model/spot'
import { languageFor, loadLanguage } from './language'
import { STRINGS } from '../shared/i18n/en'
import { socketUrl } from '@asocial/client/core/address'
import { createConnection } from '@asocial/client/core/connection'
import { isHidden, isOffline, monotonic, watchPage } from '@asocial/client/core/page'
import { queryOfView } from '@asocial/client/core/views'
import { createReceiver } from '../stores/receive'
import { createApp, type App } from '../stores/app'
import { browserStorage, historyEntry, type Deps } from '../shared/store/deps'
import { contained } from '../shared/store/store'
import { openTab } from './tab'
import { showAddress } from '../shared/ui/address-bar'
import type { Entered } from '../features/sealed/enter'
import { AppContext } from '../stores/hooks'
import { stayOnDrop } from '../shared/ui/drop'
import { fetchAll, prefetched } from '../shared/ui/lazy'
import { CALM, matches } from '../shared/ui/media'
import { mount } from '../shared/ui/mount'
import { offerTooltips } from '../shared/ui/tips'
import { Page } from './Page'
import { retried } from '../shared/net/retry'
import { reportTrouble } from '../shared/ui/trouble'
import './style.css'

/** how long after the page is first live the other parts are fetched */
const CALM_MS = 8_000
/** a shorter visit is not recorded */
const VISIT_MS = 2_500

const startPage = prefetched(() => import('./start/start'))
const notFound = prefetched(() => import('./NotFound'))
/** Not prefetched: no ordinary channel needs it. */
const sealedFile = () => import('../features/sealed/enter')

/** Mounts a page that is in a file of its own. */
function mountFetched<T>(root: HTMLElement, load: () => Promise<T>, page: (file: T) => ReactNode) {
  retried(load).then(
    (file) => mount(root, () => page(file)),
    () => reportTrouble('missing'),
  )
}

function start(root: HTMLElement, tab: Deps['tab']) {
  stayOnDrop()
  offerTooltips()
  const route = routeOf(location.pathname)
  if (route.kind === 'start') {
    return mountFetched(root, startPage, ({ Start }) => <Start />)
  }
  if (route.kind === 'sealed') return startSealed(root, tab, route.rest)
  if (route.kind !== 'channel') {
    const { name } = route
    return mountFetched(root, notFound, ({ NotFound }) => <NotFound name={name} />)
  }
  if (location.pathname !== route.canonical) {
    const { search, hash } = location
    const query = route.rest.startsWith('?') ? route.rest : search + route.rest
    showAddress(route.canonical + query + hash)
  }
  startChannel(root, tab, route.channel)
}

/** Opens the channel of the key in the hash, or says why that cannot be done. `path`: what follows `/s/`. */
function startSealed(root: HTMLElement, tab: Deps['tab'], path: string) {
  retried(sealedFile)
    .then(async ({ enter, Problem }) => {
      const entered = await enter(path, location.hash)
      // A link that is opened in this tab changes only the hash, which loads nothing.
      window.addEventListener('hashchange', () => {
        if (typeof entered === 'string' || entered.isOther(location.hash)) location.reload()
      })
      if (typeof entered === 'string') mount(root, () => <Problem kind={entered} />)
      else startChannel(root, tab, entered.channel, entered)
    })
    .catch(() => reportTrouble('missing'))
}

function startChannel(root: HTMLElement, tab: Deps['tab'], channel: string, sealed?: Entered) {
  document.title = `${sealed?.name ?? channel} · Asocial`
  // In a box on another page only the canvas and the name (controls.css).
  const isBoxed = /[?&]embed=1(&|$)/.test(location.search)
  document.documentElement.toggleAttribute('data-embed', isBoxed)

  const deps: Deps = {
    send: (frame) => connection.send(frame),
    connectNow: () => connection.start(),
    reconnect: () => connection.reconnect(),
    storage: browserStorage(),
    tab,
    entry: historyEntry,
    now: monotonic,
    isHidden,
  }
  // The server's id of this page load (W50), so that its log can join the connection to it.
  const visit = performance.getEntriesByType?.('navigation')?.[0] as
    PerformanceNavigationTiming | undefined
  // Firefox has no `serverTiming` on plain http.
  const trace = visit?.serverTiming?.find((entry) => entry.name === 'trace')?.description
  // A full stop or a bracket after a link in a text is not part of the invitation.
  const invite =
    new URLSearchParams(location.search).get('invite')?.replace(/[^\w-]+$/, '') || undefined
  const app = createApp(channel, deps, () => matches(CALM), sealed)
  const connection = createConnection({
    address() {
      const { chosenName: name } = app.session.store.getState()
      const { region } = app.crowd.getState()
      const { middle, ...size } = sightOf(app.camera.store.getState())
      return socketUrl(location.origin, {
        ...{ channel, lang: document.documentElement.lang, trace, name, invite },
        color: app.session.color(),
        on_map: app.settings.store.getState().onMap ? undefined : '0',
        // A server sees where people look only if the channel is a crowd.
        ...(region && queryOfView({ position: middle, ...size })),
      })
    },
    token: app.session.token,
    now: monotonic,
    WebSocket: sealed?.socketFor(app),
    isOffline,
    onFrame: contained(createReceiver(app)),
    onLink: app.session.setLink,
    onLost(code, wasLive) {
      if (!wasLive && code !== 1006)
        app.session.setRefusal({ code: `${code}`, text: STRINGS.closed[code] })
    },
    why: () => import('../features/channel/refusal').then((m) => m.explainRefusal(app, invite)),
  })
  document.addEventListener('visibilitychange', () => {
    app.messages.cull()
    if (!deps.isHidden()) app.messages.resend()
  })
  const spot = readSpot(location.hash)
  if (spot) app.camera.carry(spot)
  // Opening a link to a spot in this tab loads nothing, nor do Back and Forward. Only a new entry has no state.
  const views = createEntryViews(deps, app.camera)
  window.addEventListener('popstate', ({ state }) =>
    views.onEntry(readSpot(location.hash), state !== null),
  )

  // Every text changes, and maybe the direction of the page: a reload is simplest.
  const spoken = languageFor()
  app.settings.store.subscribe(({ language }) => {
    if (languageFor(language) !== spoken && !deps.isHidden()) location.reload()
  })

  mount(root, () => (
    <StrictMode>
      <AppContext value={app}>
        <Page />
      </AppContext>
    </StrictMode>
  ))
  watchPage(connection)
  connection.start()
  fetchWhenCalm(app)
}

/** After a while, fetches the other parts before they are needed, and before the server has another version. */
function fetchWhenCalm(app: App) {
  const stop = app.session.store.subscribe(({ link }) => {
    if (link.kind !== 'live') return
    stop()
    setTimeout(() => void fetchAll(), CALM_MS)
    setTimeout(() => {
      import('./record-visit').then(
        (file) => file.recordVisit(app),
        () => undefined,
      )
    }, VISIT_MS)
  })
}

function begin() {
  const root = document.getElementById('page')
  if (root) loadLanguage(languageFor(), () => openTab((tab) => start(root, tab)))
}

if ([''.toWellFormed, [].findLast, [].at, Object.hasOwn].every(Boolean)) begin()
else retried(() => import('../shared/missing-builtins')).then(begin, () => reportTrouble('missing'))

/*
 * The one place where the floors meet: address, stores, connection, page.
 */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { routeOf } from './domain/channel'
import { readSpot } from './domain/spot'
import { languageFor, speak } from './language'
import { Connection } from './net/connection'
import { createReceiver } from './net/receive'
import { createApp, type App } from './state/app'
import { browserKeep, historyEntry, type Deps } from './state/deps'
import { openTab } from './tab'
import { AppContext } from './ui/app'
import { stayOnDrop } from './ui/dropping'
import { fetchAll, later } from './ui/later'
import { Page } from './ui/Page'
import './ui/style.css'

/** so long after the page is first live, what may be wanted later is fetched */
const CALM_MS = 8_000
/** a visit shorter than this is none */
const VISIT_MS = 2_500

const Start = later(() => import('./start').then((it) => it.Start))
const NoPlace = later(() => import('./ui/NoPlace').then((it) => it.NoPlace))

function start(root: HTMLElement, tab: Deps['tab']) {
  stayOnDrop()
  const route = routeOf(location.pathname)
  if (route.kind !== 'channel') {
    createRoot(root).render(route.kind === 'start' ? <Start /> : <NoPlace name={route.name} />)
    return
  }
  if (location.pathname !== route.canonical) {
    const { search, hash } = location
    const query = route.rest.startsWith('?') ? route.rest : search + route.rest
    history.replaceState(history.state, '', route.canonical + query + hash)
  }
  document.title = `${route.channel} · Asocial`

  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  // Monotonic: a visitor who sets the machine's clock does not move anybody's words.
  const now = () => performance.timeOrigin + performance.now()
  const deps: Deps = {
    uplink: {
      send: (frame) => connection.send(frame),
      connectNow: () => connection.connectNow(),
      reconnect: () => connection.reconnect(),
    },
    keep: browserKeep(),
    tab,
    entry: historyEntry,
    now,
    isHidden: () => document.visibilityState === 'hidden',
    signIn: (app) => import('./net/identity').then((m) => m.signIn(app)),
  }
  // What the server called this visit (W50), so that its log can tell which page a connection belongs to.
  const visit = performance.getEntriesByType('navigation')[0] as
    PerformanceNavigationTiming | undefined
  const trace = visit?.serverTiming.find((entry) => entry.name === 'trace')?.description
  // A full stop or a bracket after a link in a text is not part of the invitation.
  const invite = new URLSearchParams(location.search).get('invite')?.replace(/[^\w-]+$/, '')
  const app = createApp(route.channel, deps, () => calm.matches)
  const connection = new Connection({
    address() {
      const { chosenName, chosenColor } = app.session.store.getState()
      const query = new URLSearchParams({ channel: route.channel })
      if (trace) query.set('trace', trace)
      if (chosenName) query.set('name', chosenName)
      if (chosenColor) query.set('color', chosenColor)
      if (!app.settings.store.getState().onMap) query.set('on_map', '0')
      if (invite) query.set('invite', invite)
      return `${location.origin.replace(/^http/, 'ws')}/api/chat?${query}`
    },
    token: app.session.token,
    now,
    onFrame: createReceiver(app),
    onLink: app.session.setLink,
    onUnopened: () =>
      void import('./net/refused')
        .then((m) => m.explainRefusal(app, invite, connection.giveUp))
        .catch(() => undefined),
    onTurnedAway: (code) => app.session.setRefusal(`${code}`),
  })
  document.addEventListener('visibilitychange', () => {
    app.talk.cull()
    if (!deps.isHidden()) app.talk.tellAgain()
  })
  const spot = readSpot(location.hash)
  if (spot) app.camera.carry(spot)
  window.addEventListener('hashchange', () => {
    const next = readSpot(location.hash)
    if (next) app.camera.flyTo(next)
  })

  // Everything is said anew, and the page may turn around: simplest from the start.
  const spoken = languageFor()
  app.settings.store.subscribe(({ language }) => {
    if (languageFor(language) !== spoken && !deps.isHidden()) location.reload()
  })

  createRoot(root).render(
    <StrictMode>
      <AppContext value={app}>
        <Page />
      </AppContext>
    </StrictMode>,
  )
  connection.start()
  fetchWhenCalm(app, route.channel)
}

/** Whoever stays gets the rest before they need it, and before the server has another version. */
function fetchWhenCalm({ session }: App, channel: string) {
  const stop = session.store.subscribe(({ link }) => {
    if (link.kind !== 'live') return
    stop()
    setTimeout(() => void fetchAll(), CALM_MS)
    setTimeout(() => {
      const settle = () => import('./settle')
      settle().then(
        ({ settleIn }) => settleIn(channel),
        () => undefined,
      )
    }, VISIT_MS)
  })
}

const root = document.getElementById('page')
if (root) speak(languageFor(), () => openTab((tab) => start(root, tab)))

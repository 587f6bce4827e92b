/*
 * The page: the canvas, and controls at its edges that are fainter while you write.
 */
import { useCallback, useLayoutEffect, type MouseEvent } from 'react'
import { useStore } from 'zustand'
import type { Panel } from '../stores/panels'
import { useApp, useOpen, usePresence, useSession, useMessages } from '../stores/hooks'
import { Incomplete } from './Incomplete'
import { lazy } from '../shared/ui/lazy'
import { ConnectionStatus } from '../features/channel/ConnectionStatus'
import { Log } from '../features/messages/Log'
import { Menu } from '../features/messages/Menu'
import { People } from '../features/people/People'
import { ChannelHeader } from '../features/channel/ChannelHeader'
import {
  Chips,
  Followers,
  Following,
  Nearest,
  Notices,
  Notifications,
  Palette,
  Pen,
  Minimap,
} from './others'
import { Plane } from './Plane'
import { useEscape } from '../shared/ui/escape'
import { LOW_PX, SHORT_PX } from '../shared/ui/safe-area'
import { Tools } from './Tools'
import { Zoom } from '../features/canvas/Zoom'

const Commands = lazy(() => import('../features/commands/Commands').then((m) => m.Commands))
const OperatorNotice = lazy(() =>
  import('../features/channel/OperatorNotice').then((m) => m.OperatorNotice),
)
const Ended = lazy(() => import('./Ended').then((m) => m.Ended))
const ToastLine = lazy(() => import('./ToastLine').then((m) => m.ToastLine))
const HistoryPanel = lazy(() =>
  import('../features/history/HistoryPanel').then((m) => m.HistoryPanel),
)
const Help = lazy(() => import('../features/help/Help').then((m) => m.Help))
const SignIn = lazy(() => import('../features/identity/SignIn').then((m) => m.SignIn))
const Settings = lazy(() => import('../features/settings/Settings').then((m) => m.Settings))

/** Hidden on a narrow page while you follow somebody or the status says that the page is not connected: there is no room. */
const ZOOM_ROW =
  'flex items-center narrow:group-has-[.following]/page:invisible narrow:group-has-[.link-state:not([data-state=live])]/page:invisible'

export function Page() {
  const talking = useMessages((s) => s.draft !== undefined && s.draft.text !== '')
  // Alone, there is nothing to find except messages of people who left.
  const othersHere = usePresence((s) => s.presence.count > 1)
  const othersMessages = useMessages((s) =>
    [...s.messages.entries.values()].some(({ mine }) => !mine),
  )
  const noticed = usePresence((s) => s.notice !== undefined || s.clearedBy !== undefined)
  const missed = useStore(useApp().navigation.store, (s) => s.missed !== undefined)
  const peopleOpen = useOpen('people')
  const settingsOpen = useOpen('settings')
  const closeSettings = useClose('settings')
  const historyOpen = useOpen('history')
  const closeHistory = useClose('history')
  const helpOpen = useOpen('help')
  const closeHelp = useClose('help')
  // W60: an unknown user, or one whose sign-in expired, can sign in.
  const unknown = useSession((s) => s.link.kind === 'final' && /^451[01]$/.test(`${s.link.code}`))
  const ended = useSession((s) => s.link.kind === 'final') && !unknown
  const hasNotice = useSession((s) => s.notice !== undefined)
  const commandsOpen = useOpen('commands')
  const closeCommands = useClose('commands')
  useVisualViewport()
  return (
    <div
      className="page group/page"
      data-talking={talking || undefined}
      onMouseDown={keepFocusInCaret}
    >
      <Escape />
      <Plane />
      {(othersHere || othersMessages) && <Chips />}
      <header className="edge top-0 start-0">
        <ChannelHeader />
        <div role="status" data-testid="operator-notice">
          {hasNotice && <OperatorNotice />}
        </div>
      </header>
      <aside className="edge top-0 end-0 items-end">
        <People />
        {/* Always there, so that what comes is announced, also while the panel is open. */}
        <div
          className={peopleOpen ? 'sr-only' : 'py-0.5 text-end text-[13px]'}
          role="status"
          // What is there already is not announced again with each new line.
          aria-atomic="false"
          data-testid="notices"
        >
          {(noticed || missed || othersHere) && <Notices />}
          {othersHere && <Followers />}
        </div>
        <Incomplete />
      </aside>
      <div className="edge bottom-0 start-0 z-1 flex-row flex-wrap-reverse items-center gap-x-1 gap-y-0.5">
        <Tools />
        <ConnectionStatus />
      </div>
      <div className="edge end-0 bottom-0 items-end">
        {othersHere && <Minimap />}
        <div className={ZOOM_ROW}>
          {othersHere && <Pen />}
          {othersHere && <Palette />}
          {othersHere && <Nearest />}
          <Zoom />
        </div>
      </div>
      {othersHere && <Following />}
      {(othersHere || othersMessages) && <Notifications />}
      <Log />
      <Toasts />
      <Menu />
      {ended && <Ended />}
      {historyOpen && <HistoryPanel close={closeHistory} />}
      {unknown && <SignIn />}
      {settingsOpen && <Settings close={closeSettings} />}
      {helpOpen && <Help close={closeHelp} />}
      {commandsOpen && <Commands close={closeCommands} />}
    </div>
  )
}

/**
 * A control that is pressed with a pointer does not take the focus from the caret or the canvas: what is typed next goes
 * on there.
 */
function keepFocusInCaret(event: MouseEvent) {
  const { target } = event
  const { activeElement } = document
  const writes = activeElement === document.body || activeElement?.closest('.plane')
  if (writes && target instanceof Element && target.closest('button')) event.preventDefault()
}

/** The line is announced here, in a region that is always there. */
function Toasts() {
  const { toast } = useApp()
  const text = useStore(toast.store, (s) => s.toast?.text)
  return (
    <>
      <p className="sr-only" role="status">
        {text}
      </p>
      {text !== undefined && <ToastLine />}
    </>
  )
}

/**
 * Escape closes what is open from the moment it is opened, also while its code is still loading. It comes first on the
 * page: a panel that appears in the same commit comes after it on the list, and returns the focus (shared/ui/Panel.tsx).
 */
function Escape() {
  const { panels, reactions, navigation } = useApp()
  const open = useStore(panels.store, (s) => s.open)
  const choosing = useStore(reactions.store, (s) => s.choosing !== undefined)
  const following = useStore(navigation.store, (s) => s.following)
  useEscape(following, navigation.stop)
  useEscape(choosing, () => reactions.choose(undefined))
  useEscape(open, () => open && panels.close(open))
  return null
}

function useClose(panel: Panel) {
  const { panels } = useApp()
  return useCallback(() => panels.close(panel), [panels, panel])
}

/**
 * Gives the page the size of the visual viewport. Where a phone's keyboard covers the layout viewport, part of the page would
 * else be below it.
 */
export function useVisualViewport() {
  useLayoutEffect(() => {
    const viewport = window.visualViewport
    if (!viewport) return
    const fit = () => {
      // The browser's own zoom must not change the layout.
      if (viewport.scale > 1.01) return
      const { style } = document.documentElement
      style.setProperty('--page-top', `${viewport.offsetTop}px`)
      style.setProperty('--page-height', `${viewport.height}px`)
      document.documentElement.toggleAttribute('data-low', viewport.height < LOW_PX)
      document.documentElement.toggleAttribute('data-short', viewport.height < SHORT_PX)
    }
    fit()
    viewport.addEventListener('resize', fit)
    viewport.addEventListener('scroll', fit)
    return () => {
      viewport.removeEventListener('resize', fit)
      viewport.removeEventListener('scroll', fit)
    }
  }, [])
}

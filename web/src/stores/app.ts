/*
 * All stores of one visit. app/main.tsx makes them, and passes them to the page by context and to the connection's receiver.
 * Tests make their own.
 */
import { createCamera } from '../features/canvas/store/camera'
import { createCursors } from '../features/cursors/store/cursors'
import type { Deps } from '../shared/store/deps'
import { createMuted } from '../features/people/store/muted'
import { createNavigation } from '../features/navigation/store/navigation'
import { createPanels } from './panels'
import { createReactions } from '../features/reactions/store/reactions'
import { createPresence } from '../features/people/store/presence'
import { createHistory } from '../features/history/store/history'
import { createSession, type SealedLink } from '../features/channel/store/session'
import { createSettings } from '../features/settings/store/settings'
import { createMenu } from '../features/messages/store/menu'
import { createMessages } from '../features/messages/store/messages'
import { createStrokes } from '../features/strokes/store/strokes'
import { createToast } from './toast'
import type { Crowd } from '../features/navigation/model/activity'
import { createStore } from '../shared/store/store'

export function createApp(
  channel: string,
  deps: Deps,
  reducedMotion: () => boolean,
  sealed?: SealedLink,
) {
  const settings = createSettings(deps)
  const strokes = createStrokes()
  /** The server's clock was set: everything keeps the time it has left. */
  function moveLives(ms: number) {
    messages.shift(ms)
    history.shift(ms)
    strokes.shift(ms)
  }
  const session = createSession(channel, deps, moveLives, sealed)
  const muted = createMuted(deps)
  const history = createHistory(session.serverNow)
  const presence = createPresence(deps, muted.has)
  const messages = createMessages(deps, session, settings, history.record)
  const cursors = createCursors(deps, presence.alone)
  const camera = createCamera(reducedMotion)
  const crowd = createStore<Crowd>(() => ({ region: undefined, size: 0, places: new Map() }))
  const navigation = createNavigation(
    deps,
    { camera, cursors, messages, presence, session, crowd },
    reducedMotion,
    () => settings.store.getState().onMap,
  )
  const reactions = createReactions(deps, presence.alone, () => session.store.getState().userId)
  // A draft or pending message from before a reload comes into view.
  const pending = messages.store.getState()
  const [first] = [pending.draft, ...pending.messages.entries.values()]
  if (first) camera.carry({ ...first.at, zoom: 1 })
  // A new estimate of the server's clock moves the end of every life.
  session.store.subscribe((now, before) => {
    if (now.clock.offset !== before.clock.offset) messages.cull()
    // No frame will say who left: nobody may stay on the canvas as if they were here.
    if (now.link.kind === 'final' && before.link.kind !== 'final') {
      const nobody = () => false
      presence.reset()
      cursors.keepOnly(nobody)
      navigation.keepOnly(nobody)
      messages.keepDraftsOf(nobody)
    }
  })
  muted.onMuted((userId) => {
    messages.forget(userId)
    cursors.remove(userId)
    presence.dropNotices(userId)
    navigation.keepOnly((id) => id !== userId)
  })
  const sendOnMap = () => {
    const { userId } = session.store.getState()
    const self = userId === undefined ? undefined : presence.profile(userId)
    session.sendOnMap(settings.store.getState().onMap, self)
  }
  settings.store.subscribe((now, before) => {
    if (now.onMap !== before.onMap) sendOnMap()
  })
  return {
    session,
    presence,
    messages,
    cursors,
    camera,
    navigation,
    crowd,
    settings,
    muted,
    history,
    sendOnMap,
    panels: createPanels(),
    menu: createMenu(),
    toast: createToast(),
    reactions,
    strokes,
    now: deps.now,
    connectNow: deps.connectNow,
    send: deps.send,
    storage: deps.storage,
  }
}

export type App = ReturnType<typeof createApp>

/*
 * All stores of one visit, wired to each other. Built once by main.tsx, handed to the page by
 * context and to the net by argument; tests build their own.
 */
import { createCamera } from './camera'
import { createCursors } from './cursors'
import type { Deps } from './deps'
import { createFinding } from './finding'
import { createPanels } from './panels'
import { createPlay } from './play'
import { createPresence } from './presence'
import { createSession } from './session'
import { createSettings } from './settings'
import { createTalk } from './talk'

export function createApp(channel: string, deps: Deps, reducedMotion: () => boolean) {
  const settings = createSettings(deps)
  const session = createSession(channel, deps)
  const presence = createPresence(deps)
  const talk = createTalk(deps, session)
  const cursors = createCursors(deps, presence.alone)
  const camera = createCamera(reducedMotion)
  const finding = createFinding(
    deps,
    camera,
    cursors,
    talk,
    reducedMotion,
    () => settings.store.getState().onMap,
  )
  const play = createPlay(deps, presence.alone, () => session.store.getState().userId)
  // A better idea of the server's clock moves every end of a life.
  session.store.subscribe((now, before) => {
    if (now.clock.offset !== before.clock.offset) talk.cull()
  })
  return {
    session,
    presence,
    talk,
    cursors,
    camera,
    finding,
    settings,
    panels: createPanels(),
    play,
    now: deps.now,
    connectNow: deps.uplink.connectNow,
  }
}

export type App = ReturnType<typeof createApp>

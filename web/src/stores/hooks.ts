/*
 * How components reach the stores: one context, and hooks that subscribe to parts of a store.
 */
import { createContext, use } from 'react'
import { useStore } from 'zustand'
import type { App } from './app'
import { shownPeople, type PresenceState } from '../features/people/store/presence'
import type { SessionState } from '../features/channel/store/session'
import type { Settings } from '../features/settings/model/settings'
import type { Panel } from './panels'
import type { MessagesState } from '../features/messages/store/messages'

export const AppContext = createContext<App | undefined>(undefined)

export function useApp(): App {
  const app = use(AppContext)
  if (!app) throw new Error('the page is rendered outside AppContext')
  return app
}

export const useSession = <T>(select: (state: SessionState) => T) =>
  useStore(useApp().session.store, select)
export const usePresence = <T>(select: (state: PresenceState) => T) =>
  useStore(useApp().presence.store, select)
export const useMessages = <T>(select: (state: MessagesState) => T) =>
  useStore(useApp().messages.store, select)
export const useSettings = <T>(select: (settings: Settings) => T) =>
  useStore(useApp().settings.store, select)
export const useOpen = (panel: Panel) => useStore(useApp().panels.store, (s) => s.open === panel)
export const useOrigin = () => useStore(useApp().camera.store, (state) => state.origin)

/** The name and colour of a user, if known. */
export function useProfile(
  userId: string | undefined,
): { name: string; color: string } | undefined {
  return usePresence(({ presence, departing, known }) =>
    userId === undefined
      ? undefined
      : (presence.users.get(userId) ?? departing.get(userId) ?? known.get(userId)),
  )
}

/** Our own name and colour: what we chose, else the server's choice. */
export function useSelf(): { name: string; color: string | undefined } {
  const userId = useSession((s) => s.userId)
  const chosenName = useSession((s) => s.chosenName)
  const chosenColor = useSession((s) => s.chosenColor)
  const profile = useProfile(userId)
  return { name: chosenName ?? profile?.name ?? '', color: chosenColor ?? profile?.color }
}

export function usePeople() {
  const state = usePresence((s) => s)
  const userId = useSession((s) => s.userId)
  return shownPeople(state, userId)
}

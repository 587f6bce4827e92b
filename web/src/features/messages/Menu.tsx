/*
 * The menu of a message, fetched when the first one is opened.
 */
import { useStore } from 'zustand'
import { useApp, useMessages } from '../../stores/hooks'
import { lazy } from '../../shared/ui/lazy'

const MessageMenu = lazy(() => import('./view/MessageMenu').then((m) => m.MessageMenu))

export function Menu() {
  const { menu } = useApp()
  const key = useStore(menu.store, (s) => s.key)
  const entry = useMessages((s) => (key === undefined ? undefined : s.messages.entries.get(key)))
  return entry && <MessageMenu key={entry.key} entry={entry} close={menu.close} />
}

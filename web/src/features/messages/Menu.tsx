/*
 * The menu of a message, fetched when the first one is opened.
 */
import { useEffect } from 'react'
import { useStore } from 'zustand'
import { useApp, useMessages } from '../../stores/hooks'
import { lazy } from '../../shared/ui/lazy'

const MessageMenu = lazy(() => import('./view/MessageMenu').then((m) => m.MessageMenu))

export function Menu() {
  const { menu, messages } = useApp()
  const key = useStore(menu.store, (s) => s.key)
  const entry = useMessages((s) => (key === undefined ? undefined : s.messages.entries.get(key)))
  // Somebody who goes on to write does not want it. While its file is fetched, it could take the keys from their text.
  useEffect(
    () =>
      messages.store.subscribe(({ draft }, before) => {
        if (draft && draft.text !== (before.draft?.text ?? '')) menu.close()
      }),
    [menu, messages],
  )
  return entry && <MessageMenu key={entry.key} entry={entry} close={menu.close} />
}

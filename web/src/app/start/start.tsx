/*
 * The entry of the start page. Like app/main.tsx it joins the parts. In place of a connection there is a script
 * (demo/store/demo.ts).
 */
import { useEffect, useState } from 'react'
import { keepOfflinePage } from '../../shared/net/offline'
import { createReceiver } from '../../stores/receive'
import { createApp } from '../../stores/app'
import { isHidden, monotonic } from '@asocial/client/core/page'
import { browserStorage, type Deps } from '../../shared/store/deps'
import { createRecent } from '../../features/channel/store/recent'
import { showAddress } from '../../shared/ui/address-bar'
import { newAddress, StartPage, type Scene } from './StartPage'

/** How an installed Asocial opens a new channel from its icon's menu. */
const NEW = '#new'

const NOWHERE = { read: () => undefined, write: () => undefined }

/** Stores without a channel: nothing is sent, nothing is stored. */
function setUp(): Scene {
  const deps: Deps = {
    send: () => false,
    connectNow: () => undefined,
    reconnect: () => undefined,
    storage: { ...NOWHERE, watch: () => undefined },
    tab: NOWHERE,
    entry: NOWHERE,
    now: monotonic,
    isHidden,
  }
  const app = createApp('', deps, () => false)
  return { app, receive: createReceiver(app) }
}

export function Start() {
  const [recent] = useState(() => createRecent(browserStorage(), Date.now))
  const [leaving] = useState(() => location.hash === NEW)
  useEffect(() => {
    const leave = () => {
      if (location.hash === NEW) location.replace(newAddress())
    }
    leave()
    if (location.pathname !== '/') showAddress('/')
    const keep = () => void keepOfflinePage()
    if (document.readyState === 'complete') keep()
    window.addEventListener('load', keep)
    window.addEventListener('hashchange', leave)
    return () => {
      window.removeEventListener('load', keep)
      window.removeEventListener('hashchange', leave)
    }
  }, [])
  return leaving ? null : <StartPage setUp={setUp} recent={recent} />
}

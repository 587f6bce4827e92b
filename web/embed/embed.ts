/*
 * The embed script: a channel over the page that loads it (docs/guide/embed.md). One tag, one global: `window.asocial`.
 *
 *   <script src="https://talk.example/embed.js" async></script>
 */
import {
  connect,
  type Channel,
  type ConnectOptions,
  type Message,
} from '../../packages/client/src/index.ts'
import { moderation } from '../../packages/client/src/moderation.ts'
import { channelOf } from './channel-name.ts'
import { readOptions, type Options } from './options.ts'
import type { Place } from './page-anchor.ts'
import { createStorage } from './storage.ts'
import { createWidget } from './widget.ts'
import { wordsFor } from './words.ts'

export interface Said {
  readonly name: string
  readonly userId: string
  readonly text: string
  readonly mine: boolean
}

interface ApiEvents {
  message: Said
  /** how many people are here */
  count: number
  /** talking was turned on or off */
  talking: boolean
}

/** How often the page's address is read, where the browser does not tell. */
const ADDRESS_MS = 1_000

const canonical = () =>
  document.querySelector<HTMLLinkElement>('link[rel="canonical"]')?.href || undefined

function start(options: Options) {
  const { words, language } = wordsFor([
    options.language,
    document.documentElement.lang,
    ...navigator.languages,
  ])
  const storage = createStorage(options)
  const listeners = new Map<string, Set<(data: never) => void>>()
  let channel: Channel | undefined
  let draft: ReturnType<Channel['draft']> | undefined
  let stopListening: (() => void)[] = []
  let name = ''
  let isTalking = false
  let wasLive = false
  let isWarned = false

  function emit<Type extends keyof ApiEvents>(type: Type, data: ApiEvents[Type]) {
    for (const listener of listeners.get(type) ?? []) {
      try {
        ;(listener as (data: ApiEvents[Type]) => void)(data)
      } catch (error) {
        console.error(error)
      }
    }
  }

  const widget = createWidget(options, words, language, {
    talking(on) {
      isTalking = on
      if (on) join()
      emit('talking', on)
    },
    typed(place, text) {
      draft ??= channel?.draft(place)
      draft?.type(text)
    },
    said(place, text) {
      void say(place, text)
    },
    dropped() {
      draft?.drop()
      draft = undefined
    },
    pointed: ({ x, y, anchor }) => channel?.move(x, y, anchor),
    cleared: () => act((here) => moderation(here).clear()),
  })

  function act(what: (here: Channel) => void) {
    try {
      if (channel) what(channel)
    } catch {
      widget.setNote(words.notSent)
    }
  }

  async function say(place: Place, text: string) {
    const here = channel
    if (!here) return
    const key = `own/${text}/${place.x}/${place.y}`
    const me = here.person(here.userId)
    const own = { key, place, text, name: me?.name ?? '', color: me?.color ?? '', mine: true }
    widget.layer.show({ ...own, kind: 'draft' })
    const sending = draft ? draft.say(text) : here.say(text, place)
    draft = undefined
    try {
      showMessage(here, await sending, place)
    } catch {
      if (here !== channel) return
      widget.setNote(words.notSent)
      // What was written is not lost.
      if (!widget.isWriting()) widget.write(place, text)
    } finally {
      widget.layer.remove(key)
    }
  }

  const keyOf = (userId: string, id: string) => `${userId}/${id}`

  function showMessage(here: Channel, message: Message, place: Place = message) {
    if (here !== channel) return
    const { id, userId, text, mine, color } = message
    const tool = document.createElement('button')
    tool.type = 'button'
    tool.className = 'tool'
    tool.textContent = words.remove(message.name)
    tool.addEventListener('click', () => act((owned) => moderation(owned).remove(userId)))
    widget.layer.show({
      ...{ key: keyOf(userId, id), kind: 'message', place, text, mine, color, name: message.name },
      livesMs: message.expiresAt - here.now(),
      tool: mine || message.bot ? undefined : tool,
    })
    emit('message', { name: message.name, userId, text, mine })
  }

  function join() {
    if (channel) return
    const connection: ConnectOptions = { lang: language }
    const token = storage.read()
    if (token) connection.token = token
    const here = (channel = connect(options.server, name, connection))
    const counted = () => {
      widget.setCount(here.count)
      emit('count', here.count)
    }
    stopListening = [
      here.on('connected', () => {
        wasLive = true
        storage.write(here.token ?? '')
        widget.setLive(true)
        widget.setNote('')
        widget.setOwner(here.rules.yours)
        counted()
      }),
      here.on('disconnected', () => {
        widget.setLive(false)
        // Visitors who did not ask for anything need not know that it is away.
        if (wasLive || isTalking) widget.setNote(words.away)
        else if (!isWarned) {
          isWarned = true
          console.warn(
            `asocial: no connection to ${options.server}. Is ${location.origin} in its ASOCIAL_ALLOWED_ORIGINS?`,
          )
        }
        widget.layer.clear('pointer')
      }),
      here.on('closed', () => {
        widget.setLive(false)
        widget.setNote(words.refused)
        widget.layer.clear()
      }),
      here.on('message', (message) => {
        widget.layer.remove(`draft/${message.userId}`)
        showMessage(here, message)
      }),
      here.on('expired', ({ userId, id }) => widget.layer.remove(keyOf(userId, id))),
      here.on('draft', (shown) => {
        const key = `draft/${shown.userId}`
        if (shown.text === '') return widget.layer.remove(key)
        const { name: author = '', color = '' } = here.person(shown.userId) ?? {}
        widget.layer.show({
          key,
          kind: 'draft',
          place: shown,
          color,
          name: author,
          text: shown.text,
        })
      }),
      here.on('pointer', (pointer) => {
        const { name: owner = '', color = '' } = here.person(pointer.userId) ?? {}
        const key = `pointer/${pointer.userId}`
        widget.layer.show({ key, kind: 'pointer', place: pointer, color, name: owner, text: '' })
      }),
      here.on('left', ({ userId }) => {
        widget.layer.remove(`pointer/${userId}`)
        counted()
      }),
      here.on('joined', counted),
      here.on('count', counted),
      here.on('rules', ({ yours }) => widget.setOwner(yours)),
    ]
  }

  function leave() {
    for (const stop of stopListening) stop()
    stopListening = []
    channel?.close()
    channel = draft = undefined
    widget.setCount(0)
    widget.setLive(false)
    widget.setOwner(false)
  }

  /** Single-page apps change the address without a load: another address is another channel. */
  function look() {
    const next = channelOf(options.channel, { href: location.href, canonical: canonical() })
    if (next === name) return
    const wasHere = channel !== undefined
    name = next
    leave()
    widget.moved()
    if (wasHere) join()
  }

  const stopping = new AbortController()
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') look()
  }, ADDRESS_MS)
  window.addEventListener('popstate', look, { signal: stopping.signal })
  look()
  // After the page's own work.
  if (options.start === 'open') {
    const idle = globalThis.requestIdleCallback as typeof requestIdleCallback | undefined
    const soon = () => {
      if (!stopping.signal.aborted) join()
    }
    if (idle) idle(soon, { timeout: 3_000 })
    else setTimeout(soon, 200)
  }

  return {
    /** Turns talking on. */
    open: () => widget.setTalking(true),
    close: () => widget.setTalking(false),
    /** How many people are here, 0 while that is unknown. */
    get count() {
      return channel?.count ?? 0
    },
    get channel() {
      return name
    },
    /** Calls `listener` for each event of the type. Returns how to stop that. */
    on<Type extends keyof ApiEvents>(type: Type, listener: (data: ApiEvents[Type]) => void) {
      const those = listeners.get(type) ?? new Set()
      listeners.set(type, those.add(listener as (data: never) => void))
      return () => void those.delete(listener as (data: never) => void)
    },
    /** Leaves the channel, and the page as it was. */
    destroy() {
      stopping.abort()
      clearInterval(timer)
      listeners.clear()
      leave()
      widget.destroy()
      Reflect.deleteProperty(window, 'asocial')
    },
  }
}

declare global {
  interface Window {
    asocial?: ReturnType<typeof start>
  }
}

const tag = document.currentScript
if (tag instanceof HTMLScriptElement && !window.asocial) {
  const options = readOptions({ ...tag.dataset }, tag.src)
  window.asocial = start(options)
}

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
import { DEFAULT_LIMITS } from '../../packages/client/src/core/frames.ts'
import { moderation } from '../../packages/client/src/moderation.ts'
import { clean, finished } from '../src/shared/text/payload.ts'
import { channelOf } from './channel-name.ts'
import { createListeners } from './listeners.ts'
import { readOptions, type Options } from './options.ts'
import type { Place } from './page-anchor.ts'
import { addressOfPage, watchPage } from './page-watch.ts'
import { createStorage } from './storage.ts'
import { createWidget } from './widget.ts'
import { wordsFor } from './words.ts'

/** How often a page that has never been connected tries it by itself: about half a minute. */
const TRIES = 9

function start(options: Options) {
  const { words, language } = wordsFor([
    options.language,
    document.documentElement.lang,
    ...navigator.languages,
  ])
  const storage = createStorage(options)
  const listeners = createListeners()
  const { emit } = listeners
  let channel: Channel | undefined
  let draft: ReturnType<Channel['draft']> | undefined
  let stopListening: (() => void)[] = []
  let name = ''
  let isTalking = false
  let wasLive = false
  let failures = 0

  const newWidget = () =>
    createWidget(options, words, language, {
      talking(on) {
        isTalking = on
        if (on) join()
        if (channel?.closed) widget.setNote(words.refused)
        emit('talking', on)
      },
      typed(place, text) {
        draft ??= channel?.draft(place)
        draft?.type(fitted(text))
      },
      said(place, text) {
        const message = finished(fitted(text))
        if (message) void say(place, message)
      },
      dropped() {
        draft?.drop()
        draft = undefined
      },
      pointed: ({ x, y, anchor }) => channel?.move(x, y, anchor),
      viewed: showView,
      cleared: () => act((here) => moderation(here).clear()),
    })

  /** In a crowd, what is elsewhere on the page is not sent to us (W184). */
  function showView() {
    const { x, y, width, height } = widget.places.view()
    channel?.view(x, y, width, height)
  }

  const fitted = (text: string) =>
    clean(text, (channel?.limits ?? DEFAULT_LIMITS).payload_characters).text

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
      const message = await sending
      if (here !== channel) return
      showMessage(message, place)
      emitMessage(message)
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

  function showMessage(message: Message, place: Place = message) {
    const { id, userId, text, mine, color } = message
    const tool = document.createElement('button')
    tool.type = 'button'
    tool.className = 'tool'
    tool.textContent = words.remove(message.name)
    tool.addEventListener('click', () => act((owned) => moderation(owned).remove(userId)))
    widget.layer.show({
      ...{ key: keyOf(userId, id), kind: 'message', place, text, mine, color, name: message.name },
      livesMs: message.expiresAt - (channel?.now() ?? 0),
      tool: mine || message.bot ? undefined : tool,
    })
  }

  const emitMessage = ({ name: author, userId, text, mine }: Message) =>
    emit('message', { name: author, userId, text, mine })

  function showState() {
    widget.setCount(channel?.count ?? 0)
    widget.setLive(channel?.isLive === true)
    widget.setOwner(channel?.rules.yours === true)
  }

  function join() {
    if (channel) return
    failures = 0
    const connection: ConnectOptions = { lang: language }
    const token = storage.read()
    if (token) connection.token = token
    const here = (channel = connect(options.server, name, connection))
    showView()
    const counted = () => {
      widget.setCount(here.count)
      emit('count', here.count)
    }
    stopListening = [
      here.on('connected', () => {
        wasLive = true
        failures = 0
        storage.write(here.token ?? '')
        widget.setNote('')
        showState()
        emit('count', here.count)
      }),
      here.on('disconnected', () => {
        widget.setLive(false)
        // Visitors who did not ask for anything need not know that it is away.
        if (wasLive || isTalking) widget.setNote(words.away)
        else if (++failures === 1) console.warn(`asocial: no connection to ${options.server}`)
        // While the server is away, the console would fill without end.
        else if (failures === TRIES) leave()
        widget.layer.clear('pointer')
      }),
      here.on('closed', ({ message }) => {
        widget.setLive(false)
        // For the author of the page: most often the server does not allow its origin.
        console.warn(`asocial: ${message}`)
        if (wasLive || isTalking) widget.setNote(words.refused)
        widget.layer.clear()
      }),
      here.on('message', (message) => {
        widget.layer.remove(`draft/${message.userId}`)
        widget.layer.remove(`pointer/${message.userId}`)
        showMessage(message)
        emitMessage(message)
      }),
      here.on('expired', ({ userId, id }) => widget.layer.remove(keyOf(userId, id))),
      here.on('draft', (shown) => {
        const key = `draft/${shown.userId}`
        if (shown.text === '') return widget.layer.remove(key)
        // Where they write says where they are.
        widget.layer.remove(`pointer/${shown.userId}`)
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
    showState()
  }

  /** `document.write` after the load makes another document, without our element and our listeners. */
  function revive() {
    widget.setTalking(false)
    widget.destroy()
    widget = newWidget()
    written = document.documentElement
    page.listen()
    showState()
    for (const message of channel?.messages ?? []) showMessage(message)
  }

  function look() {
    if (document.documentElement !== written) revive()
    widget.settle()
    readAddress()
  }

  /** Single-page apps change the address without a load: another address is another channel. */
  function readAddress() {
    const next = channelOf(options.channel, addressOfPage())
    if (next === name) return
    const wasHere = channel !== undefined
    name = next
    leave()
    widget.moved()
    if (wasHere) join()
  }

  const page = watchPage(look)
  let widget = newWidget()
  let written = document.documentElement
  readAddress()
  page.start()
  // After the page's own work.
  const idle = globalThis.requestIdleCallback as typeof requestIdleCallback | undefined
  const soon = () => {
    if (page.isStopped()) return
    look()
    if (options.start === 'open') join()
  }
  if (idle) idle(soon, { timeout: 3_000 })
  else setTimeout(soon, 200)

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
    /** The visitor's, empty while there is no connection yet. */
    get userId() {
      return channel?.userId ?? ''
    },
    /** Calls `listener` for each event of the type. Returns how to stop that. */
    on: listeners.on,
    /** Leaves the channel, and the page as it was. */
    destroy() {
      page.stop()
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

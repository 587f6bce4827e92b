/*
 * Talking: the draft in hand, and everything that hangs on the window (rules: domain/talk.ts).
 *
 * The draft is told letter by letter, throttled with a trailing edge. A sent message is shown
 * before the server knows of it. One timer, set for the next end of a life, removes what is over;
 * background tabs run timers late, so the page also culls when it becomes visible.
 */
import { createStore } from 'zustand/vanilla'
import { wirePoint, type Point } from '../domain/camera'
import { lifeOf } from '../domain/life'
import { clean, codePoints, finished } from '../domain/payload'
import * as rules from '../domain/talk'
import { throttle } from '../domain/throttle'
import type { AckFrame, ChatFrame, ErrorFrame, TypingFrame } from '../domain/wire'
import { timersOf, type Deps } from './deps'
import type { Session } from './session'

const TYPING_EVERY_MS = 40

export interface Draft {
  readonly messageId: string
  readonly at: Point
  readonly text: string
  /** characters of the last paste that did not fit */
  readonly cut: number
}

export interface TalkState {
  readonly talk: rules.Talk
  readonly draft: Draft | undefined
  /** whether anything was ever said from here; the invitation goes for good */
  readonly spoke: boolean
}

export function createTalk(deps: Deps, session: Session) {
  const store = createStore<TalkState>(() => ({
    talk: rules.SILENCE,
    draft: undefined,
    spoke: false,
  }))
  const { getState: get, setState: set } = store
  let cullTimer: ReturnType<typeof setTimeout> | undefined
  /** whether others may have a draft of ours on their window */
  let told = false

  const selfId = () => session.store.getState().userId
  const typing = throttle<Draft>(
    TYPING_EVERY_MS,
    ({ messageId, at, text }) => {
      // W16 asks for it when someone joins; a hidden page says nothing until it is looked at.
      if (deps.isHidden()) return
      told = text !== ''
      deps.uplink.send({ type: 'typing', message_id: messageId, payload: text, position: at })
    },
    timersOf(deps),
  )

  function put(changed: rules.Talk) {
    const now = session.serverNow()
    // Culled here too, not by the timer alone: in a flood of messages its turn may never come.
    const talk = isDue(changed, now) ? rules.cull(changed, now) : changed
    if (talk !== get().talk) set({ talk })
    clearTimeout(cullTimer)
    const next = rules.nextCull(talk)
    if (next !== undefined) cullTimer = setTimeout(cull, Math.max(0, next - now))
  }

  /** Also called when our idea of the server's clock changes, and when the page is shown again. */
  function cull() {
    put(get().talk)
  }

  function transmit(entry: rules.Entry) {
    deps.uplink.send({
      type: 'chat',
      message_id: entry.messageId,
      payload: entry.text,
      position: entry.at,
    })
  }

  /** Shows it and sends it; without a connection it waits as pending for the next one. */
  function say(messageId: string, text: string, at: Point) {
    const now = session.serverNow()
    const life = lifeOf(session.store.getState().ttl, codePoints(text))
    const talk = rules.say(get().talk, { messageId, text, at, userId: selfId() }, now, life)
    put(talk)
    set({ spoke: true })
    const entry = talk.entries.get(`me/${messageId}`)
    if (entry) transmit(entry)
  }

  /** What the draft holds goes out, or, when it holds nothing, is taken back. */
  function settle(): boolean {
    const { draft } = get()
    if (!draft) return false
    typing.cancel()
    const text = finished(draft.text)
    if (text !== '') {
      told = false
      say(draft.messageId, text, draft.at)
      return true
    }
    takeBack(draft)
    return false
  }

  function takeBack(draft: Draft) {
    typing.cancel()
    if (!told) return
    told = false
    const { messageId: message_id, at: position } = draft
    deps.uplink.send({ type: 'typing', message_id, payload: '', position })
  }

  const startAt = (at: Point) =>
    set({ draft: { messageId: newId(), at: wirePoint(at), text: '', cut: 0 } })

  return {
    store,
    cull,
    openCaret(at: Point) {
      settle()
      startAt(at)
    },
    /** The textarea's text changed. Returns what it may hold. */
    write(raw: string): string {
      const { draft } = get()
      if (!draft) return ''
      const { text, cut } = clean(raw, session.store.getState().limits.payload_characters)
      const next = { ...draft, text, cut: cut || (text === draft.text ? draft.cut : 0) }
      set({ draft: next })
      if (text !== draft.text) typing.push(next)
      return text
    },
    /** Says it, and is ready for the next line at `next`. */
    send(next: Point) {
      if (settle()) startAt(next)
    },
    dropDraft() {
      const { draft } = get()
      if (draft) takeBack(draft)
      set({ draft: undefined })
    },
    /** The caret lost the focus: an empty one is not left behind. */
    rest() {
      if (get().draft?.text.trim() === '') set({ draft: undefined })
    },
    /** By hand: a refused or late message goes out again, with a whole life before it. */
    sendAgain(key: string) {
      const entry = get().talk.entries.get(key)
      if (!entry) return
      put(rules.drop(get().talk, key))
      // A late one may have been heard and gone: under its old id it would be taken for that.
      say(entry.state === 'late' ? newId() : entry.messageId, entry.text, entry.at)
    },
    letGo: (key: string) => put(rules.drop(get().talk, key)),
    /** The channel is (again) there: what got no answer goes out once more (W10), and the draft. */
    onSync(messages: readonly ChatFrame[], fresh: boolean, isHere: (id: string) => boolean) {
      const now = session.serverNow()
      let talk = rules.cull(get().talk, now)
      for (const frame of messages) talk = rules.onChat(talk, frame, selfId(), now)
      if (fresh) talk = rules.keepDraftsOf(talk, isHere)
      put(talk)
      if (!fresh) return
      for (const entry of rules.unanswered(talk)) transmit(entry)
      this.tellAgain()
    },
    /** W16 */
    tellAgain() {
      const { draft } = get()
      if (draft && draft.text !== '') typing.push(draft)
    },
    onChat: (frame: ChatFrame) =>
      put(rules.onChat(get().talk, frame, selfId(), session.serverNow())),
    onAck: (frame: AckFrame) => put(rules.onAck(get().talk, frame)),
    onRefused: (frame: ErrorFrame) => put(rules.onRefused(get().talk, frame, session.serverNow())),
    onTyping: (frame: TypingFrame) =>
      put(rules.onTyping(get().talk, frame, selfId(), session.serverNow())),
    onLeft: (userId: string) => put(rules.onLeft(get().talk, userId)),
  }
}

export type TalkStore = ReturnType<typeof createTalk>

function isDue(talk: rules.Talk, now: number): boolean {
  const next = rules.nextCull(talk)
  return next !== undefined && next <= now
}

/** `crypto.randomUUID` is missing on http at a LAN address; these 96 bits are not. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

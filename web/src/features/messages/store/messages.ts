/*
 * Talking: the draft in hand, and everything that hangs on the window (rules: messages/model/messages.ts).
 *
 * The draft is told letter by letter, throttled with a trailing edge. A sent message is shown
 * before the server knows of it. One timer, set for the next end of a life, removes what is over;
 * background tabs run timers late, so the page also culls when it becomes visible.
 */
import { wirePoint, type Point } from '../../canvas/model/camera'
import { lifeOf } from '../model/lifetime'
import { codePoints } from '../../../shared/text/graphemes'
import { clean, finished } from '../../../shared/text/payload'
import * as reading from '../model/reading'
import * as rules from '../model/messages'
import { shift } from '../model/shift'
import { offer, sentAs, unanswered } from '../model/unanswered'
import { throttle } from '../../../shared/throttle'
import type { AckFrame, ChatFrame, ErrorFrame, TypingFrame } from '../../../shared/net/frames'
import { randomWords } from '../../../shared/random'
import { timersOf, type Deps } from '../../../shared/store/deps'
import type { Session } from '../../channel/store/session'
import type { SettingsStore } from '../../settings/store/settings'
import { createPending } from './pending'
import { createStore } from '../../../shared/store/store'

const TYPING_EVERY_MS = 40

export interface Draft {
  readonly messageId: string
  readonly at: Point
  readonly text: string
  /** characters of the last paste that did not fit */
  readonly cut: number
}

export interface MessagesState {
  readonly messages: rules.Messages
  readonly draft: Draft | undefined
  /** whether anything was ever posted from here; the invitation goes for good */
  readonly spoke: boolean
}

/** `onPosted` is called once for each message, when the server has it. */
export function createMessages(
  deps: Deps,
  session: Session,
  settings: SettingsStore,
  onSent: (entry: rules.Entry) => void,
) {
  const pending = createPending(deps, session.store.getState().channel)
  const store = createStore<MessagesState>(() => {
    const { draft, held } = pending.read()
    const factor = settings.store.getState().lifeFactor
    return {
      // What was written before the page was loaded anew is there again, to be sent or let go.
      messages: offer({ ...rules.NO_MESSAGES, factor }, held, newId),
      draft: draft && { ...draft, messageId: newId(), cut: 0 },
      spoke: false,
    }
  })
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

  function put(changed: rules.Messages) {
    const now = session.serverNow()
    // Culled here too, not by the timer alone: in a flood of messages its turn may never come.
    const messages = isDue(changed, now) ? rules.cull(changed, now) : changed
    if (messages !== get().messages) set({ messages })
    clearTimeout(cullTimer)
    const next = rules.nextCull(messages)
    if (next !== undefined) cullTimer = setTimeout(cull, Math.max(0, next - now))
  }

  /** Also called when our idea of the server's clock changes, and when the page is shown again. */
  function cull() {
    put(get().messages)
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
  function post(messageId: string, text: string, at: Point) {
    const now = session.serverNow()
    const life = lifeOf(session.store.getState().ttl, codePoints(text))
    const messages = rules.post(
      get().messages,
      { messageId, text, at, userId: selfId() },
      now,
      life,
    )
    put(messages)
    set({ spoke: true })
    const entry = messages.entries.get(rules.ownKey(messageId))
    if (entry) transmit(entry)
  }

  /** What the draft holds goes out, or, when it holds nothing, is taken back. */
  function finishDraft(): boolean {
    const { draft } = get()
    if (!draft) return false
    typing.cancel()
    const text = finished(draft.text)
    if (text !== '') {
      told = false
      post(draft.messageId, text, draft.at)
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

  /** Letter by letter, to those whom the visitor lets see it. */
  function tell(draft: Draft) {
    if (settings.store.getState().showTyping) typing.push(draft)
  }

  function reportSent(key: string, before: rules.Messages) {
    const entry = get().messages.entries.get(key)
    if (entry?.state === 'sent' && before.entries.get(key)?.state !== 'sent') onSent(entry)
  }

  settings.store.subscribe((now, before) => {
    const { draft, messages } = get()
    if (now.lifeFactor !== before.lifeFactor)
      put(reading.setFactor(messages, now.lifeFactor, session.serverNow()))
    if (now.showTyping === before.showTyping || !draft) return
    if (now.showTyping && draft.text !== '') tell(draft)
    else takeBack(draft)
  })
  store.subscribe(({ draft, messages }, before) => {
    if (draft !== before.draft || messages !== before.messages) pending.write(draft, messages)
  })

  const startAt = (at: Point) =>
    set({ draft: { messageId: newId(), at: wirePoint(at), text: '', cut: 0 } })

  return {
    store,
    cull,
    openCaret(at: Point) {
      finishDraft()
      startAt(at)
    },
    /** The textarea's text changed. Returns what it may hold. */
    write(raw: string): string {
      const { draft } = get()
      if (!draft) return ''
      const { text: fits, cut } = clean(raw, session.store.getState().limits.payload_characters)
      // A mark that does not fit any more takes nothing of what is written already.
      const text = cut > 0 && draft.text.startsWith(fits) ? draft.text : fits
      const next = { ...draft, text, cut: cut || (text === draft.text ? draft.cut : 0) }
      set({ draft: next })
      if (text !== draft.text) tell(next)
      return text
    },
    /** Says it, and is ready for the next line at `next`. */
    send(next: Point) {
      if (finishDraft()) startAt(next)
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
      const entry = get().messages.entries.get(key)
      if (!entry) return
      put(rules.drop(get().messages, key))
      // A late one may have been heard and gone: under its old id it would be taken for that.
      post(entry.state === 'late' ? newId() : entry.messageId, entry.text, entry.at)
    },
    letGo: (key: string) => put(rules.drop(get().messages, key)),
    /** The reader's hand (messages/model/reading.ts). */
    hold: (key: string) => put(reading.hold(get().messages, key)),
    release: (key: string) => put(reading.release(get().messages, key, session.serverNow())),
    forget: (userId: string) => put(reading.forget(get().messages, userId)),
    recall: (entry: rules.Entry) => put(reading.recall(get().messages, entry, session.serverNow())),
    /** The channel is (again) there: what got no answer goes out once more (W10), and the draft. */
    onSync(frames: readonly ChatFrame[], fresh: boolean, isHere: (id: string) => boolean) {
      const now = session.serverNow()
      const before = get().messages
      let messages = rules.cull(before, now)
      for (const frame of frames) messages = rules.onChat(messages, frame, selfId(), now)
      const keys = frames.map((frame) => rules.chatKey(messages, frame, selfId()))
      if (fresh) messages = sentAs(rules.keepDraftsOf(messages, isHere), selfId())
      put(messages)
      for (const key of keys) reportSent(key, before)
      if (!fresh) return
      for (const entry of unanswered(messages)) transmit(entry)
      this.tellAgain()
    },
    /** W16 */
    tellAgain() {
      const { draft } = get()
      if (draft && draft.text !== '') tell(draft)
    },
    onChat(frame: ChatFrame) {
      const before = get().messages
      put(rules.onChat(before, frame, selfId(), session.serverNow()))
      reportSent(rules.chatKey(before, frame, selfId()), before)
    },
    onAck(frame: AckFrame) {
      const before = get().messages
      put(rules.onAck(before, frame))
      reportSent(rules.ownKey(frame.message_id), before)
    },
    onRefused: (frame: ErrorFrame) =>
      put(rules.onRefused(get().messages, frame, session.serverNow())),
    onTyping: (frame: TypingFrame) =>
      put(rules.onTyping(get().messages, frame, selfId(), session.serverNow())),
    shift: (ms: number) => put(shift(get().messages, ms)),
    onCleared: (until: number) => put(rules.clear(get().messages, until)),
    onLeft: (userId: string) => put(rules.onLeft(get().messages, userId)),
  }
}

export type MessagesStore = ReturnType<typeof createMessages>

function isDue(messages: rules.Messages, now: number): boolean {
  if (messages.entries.size > rules.KEPT_MAX) return true
  const next = rules.nextCull(messages)
  return next !== undefined && next <= now
}

/** 96 bits, in hex. `crypto.randomUUID` is missing on http at a LAN address. */
function newId(): string {
  return Array.from(randomWords(3), (word) => word.toString(16).padStart(8, '0')).join('')
}

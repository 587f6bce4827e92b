/*
 * Our draft, and all messages on the canvas (rules: @asocial/client/core/messages).
 *
 * The draft is sent letter by letter, throttled. A posted message is shown before the server has it. One timer, set for the
 * next end of a life, removes what ended. Timers in background tabs are late, so the page also culls when it becomes
 * visible.
 */
import { wirePoint, type Point } from '../../canvas/model/camera'
import { lifeOf } from '@asocial/client/core/life'
import { codePoints } from '../../../shared/text/graphemes'
import { clean, finished } from '../../../shared/text/payload'
import * as reading from '../model/reading'
import * as rules from '@asocial/client/core/messages'
import { offer, onSnapshot, unanswered } from '@asocial/client/core/unanswered'
import { createCulling } from '@asocial/client/core/culling'
import { createDraftSender, type OwnDraft } from '@asocial/client/core/drafts'
import type { AckFrame, ChatFrame, ErrorFrame, TypingFrame } from '@asocial/client/core/frames'
import { newId } from '@asocial/client/core/random'
import type { Deps } from '../../../shared/store/deps'
import type { Session } from '../../channel/store/session'
import type { SettingsStore } from '../../settings/store/settings'
import { createPending } from './pending'
import { createStore } from '../../../shared/store/store'

export interface Draft extends OwnDraft {
  /** characters of the last paste that did not fit */
  readonly cut: number
}

export interface MessagesState {
  readonly messages: rules.Messages
  readonly draft: Draft | undefined
  /** something was posted in this visit; the invitation is not shown again */
  readonly spoke: boolean
}

/** `onSent` is called once for each message, when the server has it. */
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
      // Text from before a reload is there again, to be sent or discarded.
      messages: offer({ ...rules.NO_MESSAGES, factor }, held, newId),
      draft: draft && { ...draft, messageId: newId(), cut: 0 },
      spoke: false,
    }
  })
  const { getState: get, setState: set } = store

  const selfId = () => session.store.getState().userId
  const typing = createDraftSender(deps)
  const put = createCulling<rules.Messages>(session.serverNow, (now, changed = get().messages) => {
    const messages = rules.cull(changed, now)
    if (messages !== get().messages) set({ messages })
    return rules.nextCull(get().messages)
  })

  function transmit(entry: rules.Entry) {
    deps.send({
      type: 'chat',
      message_id: entry.messageId,
      payload: entry.text,
      position: entry.at,
    })
  }

  /** Shows and sends it. Without a connection it stays pending until the next one. */
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

  /** Posts the draft; withdraws it if it is empty. True: posted. */
  function finishDraft(): boolean {
    const { draft } = get()
    if (!draft) return false
    const text = finished(draft.text)
    if (text !== '') {
      typing.posted()
      post(draft.messageId, text, draft.at)
      return true
    }
    typing.withdraw(draft)
    return false
  }

  /** Shows the draft to others, unless the user does not want that. */
  function show(draft: Draft) {
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
    if (now.showTyping && draft.text !== '') show(draft)
    else typing.withdraw(draft)
  })
  store.subscribe(({ draft, messages }, before) => {
    if (draft !== before.draft || messages !== before.messages) pending.write(draft, messages)
  })

  const startAt = (at: Point) =>
    set({ draft: { messageId: newId(), at: wirePoint(at), text: '', cut: 0 } })

  return {
    store,
    cull: () => put(),
    pace: typing.pace,
    openCaret(at: Point) {
      finishDraft()
      startAt(at)
    },
    /** The textarea's text changed. Returns what it may hold. */
    write(raw: string): string {
      const { draft } = get()
      if (!draft) return ''
      const { text: fits, cut } = clean(raw, session.store.getState().limits.payload_characters)
      // A combining mark that does not fit leaves the text as it is.
      const text = cut > 0 && draft.text.startsWith(fits) ? draft.text : fits
      const next = { ...draft, text, cut: cut || (text === draft.text ? draft.cut : 0) }
      set({ draft: next })
      if (text !== draft.text) show(next)
      return text
    },
    /** Posts the draft and starts the next one at `next`. */
    send(next: Point) {
      if (finishDraft()) startAt(next)
    },
    dropDraft() {
      const { draft } = get()
      if (draft) typing.withdraw(draft)
      set({ draft: undefined })
    },
    /** Opens a discarded draft again. A draft that is open by now is posted. */
    restoreDraft({ at, text }: Draft) {
      finishDraft()
      const draft = { messageId: newId(), at, text, cut: 0 }
      set({ draft })
      show(draft)
    },
    /** The caret lost the focus: removes an empty draft. */
    rest() {
      if (get().draft?.text.trim() === '') set({ draft: undefined })
    },
    /** Posts a refused or late message again, with a whole life. */
    sendAgain(key: string) {
      const entry = get().messages.entries.get(key)
      if (!entry) return
      put(rules.drop(get().messages, key))
      // A late message may have arrived after all: its old id would make this a repetition (W13).
      post(entry.state === 'late' ? newId() : entry.messageId, entry.text, entry.at)
    },
    remove: (key: string) => put(rules.drop(get().messages, key)),
    /** Shows removed messages again, each for what is left of its life. */
    restore: (entries: readonly rules.Entry[]) =>
      put(
        entries.reduce((all, entry) => rules.put(all, { ...entry, held: false }), get().messages),
      ),
    /** Removes the drafts of people who are not here. */
    keepDraftsOf: (isHere: (userId: string) => boolean) =>
      put(rules.endDrafts(get().messages, (id) => !isHere(id))),
    // see messages/model/reading.ts
    hold: (key: string) => put(reading.hold(get().messages, key)),
    release: (key: string) => put(reading.release(get().messages, key, session.serverNow())),
    forget: (userId: string) => put(reading.forget(get().messages, userId)),
    recall: (entry: rules.Entry) => put(reading.recall(get().messages, entry, session.serverNow())),
    /** A snapshot. The first one of a connection sends pending messages again (W10). */
    onSync(frames: readonly ChatFrame[], fresh: boolean, isHere: (id: string) => boolean) {
      const now = session.serverNow()
      const before = get().messages
      const messages = onSnapshot(before, frames, { selfId: selfId(), now, fresh, isHere })
      const keys = frames.map((frame) => rules.chatKey(messages, frame, selfId()))
      put(messages)
      for (const key of keys) reportSent(key, before)
      if (fresh) unanswered(messages).forEach(transmit)
    },
    /** W16 */
    resend() {
      const { draft } = get()
      if (draft && draft.text !== '') show(draft)
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
    shift: (ms: number) => put(rules.shift(get().messages, ms)),
    onCleared: (until: number) => put(rules.clear(get().messages, until)),
    onLeft: (userId: string) => put(rules.endDrafts(get().messages, (id) => id === userId)),
  }
}

export type MessagesStore = ReturnType<typeof createMessages>

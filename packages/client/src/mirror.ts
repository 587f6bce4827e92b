/*
 * What a client knows of a channel: people, messages, drafts, pointers, rules. Each frame changes it by the rules in core/,
 * and the difference becomes events.
 */
import { createAsking } from './core/asking.ts'
import { createCulling } from './core/culling.ts'
import {
  toPosition,
  type ChatFrame,
  type Position,
  type PresenceFrame,
  type ServerFrame,
  type User,
} from './core/frames.ts'
import type { Host } from './core/host.ts'
import * as lives from './core/messages.ts'
import { NOBODY, onPresence, onSync, profileOf, withProfiles } from './core/presence.ts'
import { changeRules, NO_RULES, rulesOf as rulesIn } from './core/rules.ts'
import { createServerClock } from './core/server-clock.ts'
import { shift } from './core/shift.ts'
import { onSnapshot, unanswered } from './core/unanswered.ts'
import { personOf, rulesOf, type Draft, type Emitter, type Message } from './events.ts'

type SyncFrame = Extract<ServerFrame, { type: 'user_sync' }>

export class Mirror {
  userId = ''
  rules = NO_RULES
  presence = NOBODY
  messages = lives.NO_MESSAGES
  readonly pointers = new Map<string, Position>()
  readonly clock
  readonly put
  #known = new Map<string, User>()
  #asking
  #events: Emitter

  constructor(host: Host, events: Emitter) {
    this.#events = events
    this.clock = createServerClock(host, () => this.put(this.messages))
    this.#asking = createAsking(
      host,
      () => this.presence.waitingFor !== undefined,
      (userId) => this.user(userId) !== undefined,
    )
    const { put } = createCulling(
      () => this.clock.now(),
      () => this.messages,
      (messages) => this.#change(messages),
    )
    this.put = put
  }

  user(userId: string): User | undefined {
    return profileOf(this.presence, this.#known, userId)
  }

  isHere(userId: string): boolean {
    const { users, count, rosterLimit } = this.presence
    return users.has(userId) || count > rosterLimit
  }

  /** Nobody is here: the channel is closed. */
  reset() {
    this.presence = NOBODY
    this.pointers.clear()
    this.put(lives.NO_MESSAGES)
  }

  messageOf(entry: lives.Entry): Message {
    const userId = entry.userId ?? this.userId
    const user = this.user(userId)
    return {
      id: entry.messageId,
      userId,
      name: entry.name ?? user?.name ?? '',
      color: entry.color ?? user?.color ?? '',
      text: entry.text,
      ...entry.at,
      sentAt: entry.timestamp,
      expiresAt: entry.expiresAt,
      mine: entry.mine,
      bot: entry.bot === true,
    }
  }

  /** Takes in a frame; `fresh`: the first one of a connection. */
  receive(frame: ServerFrame, fresh: boolean) {
    const now = this.clock.now()
    switch (frame.type) {
      case 'user_sync':
        return this.#sync(frame, fresh)
      case 'user_joined':
      case 'user_left':
      case 'user_updated':
      case 'user_count':
        return this.#event(frame)
      case 'chat':
        this.clock.check(frame.timestamp)
        return this.put(lives.onChat(this.messages, frame, this.userId, now))
      case 'ack':
        this.clock.check(frame.timestamp)
        return this.put(lives.onAck(this.messages, frame))
      case 'typing':
        this.#asking.meet(frame.user_id)
        return this.put(lives.onTyping(this.messages, frame, this.userId, now))
      case 'cursors':
        for (const [userId, x, y] of frame.cursors) {
          if (userId === this.userId) continue
          this.#asking.meet(userId)
          const at = toPosition({ x, y, anchor: frame.anchors?.[userId] })
          this.pointers.set(userId, at)
          this.#events.emit('pointer', { userId, ...at })
        }
        return
      case 'reaction': {
        const { user_id: userId, kind, position } = frame
        this.#asking.meet(userId)
        return this.#events.emit('reaction', { userId, kind, ...position })
      }
      case 'followed':
        this.#asking.meet(frame.user_id)
        return this.#events.emit('followed', { userId: frame.user_id })
      case 'view': {
        const { user_id: userId, width, height, position } = frame
        return this.#events.emit('view', { userId, width, height, ...position })
      }
      case 'activity': {
        const { size, whole } = frame
        const places = frame.places.map(([x, y, people, messages]) => ({ x, y, people, messages }))
        return this.#events.emit('activity', { size, whole, places })
      }
      case 'profiles':
        for (const user of frame.users) this.#known.set(user.user_id, user)
        this.presence = withProfiles(this.presence, frame.users)
        for (const user of frame.users) {
          if (this.presence.users.has(user.user_id)) this.#events.emit('profile', personOf(user))
        }
        return
      case 'pong':
        return this.#shift(this.clock.onPong(frame.t, frame.timestamp))
      case 'clock':
        // In this order, so that no life seems to be over in between.
        if (frame.shift > 0) this.#shift(frame.shift)
        this.clock.onShift(frame.shift)
        if (frame.shift < 0) this.#shift(frame.shift)
        return
      case 'channel_updated':
        this.rules = changeRules(this.rules, frame, this.userId)
        return this.#events.emit('rules', rulesOf(this.rules))
      case 'cleared':
        this.put(lives.clear(this.messages, frame.timestamp))
        return this.#events.emit('cleared', { by: frame.by })
      case 'degraded':
      case 'restored':
        return this.#events.emit(frame.type, undefined)
    }
  }

  #shift(ms: number) {
    if (ms !== 0) this.put(shift(this.messages, ms))
  }

  #sync(frame: SyncFrame, fresh: boolean) {
    const before = this.presence.users
    this.userId = frame.user_id
    this.rules = rulesIn(frame.rules)
    this.#shift(this.clock.onSync(frame.timestamp))
    this.presence = onSync(this.presence, frame, fresh).presence
    this.#asking.synced()
    for (const userId of this.pointers.keys()) {
      if (!this.isHere(userId)) this.pointers.delete(userId)
    }
    if (!fresh) this.#differences(before)
    this.put(this.#snapshot(frame.messages, fresh))
  }

  #snapshot(frames: readonly ChatFrame[], fresh: boolean) {
    return onSnapshot(this.messages, frames, {
      ...{ selfId: this.userId, now: this.clock.now(), fresh },
      isHere: (userId) => this.isHere(userId),
    })
  }

  /** Our posts without an answer, to be sent again after a reconnect (W10). */
  unanswered() {
    return unanswered(this.messages)
  }

  /** The events that a snapshot stands for, because the frames of some of them are missing (W19). */
  #differences(before: ReadonlyMap<string, User>) {
    const { users } = this.presence
    for (const [userId, user] of before) {
      if (!users.has(userId)) this.#events.emit('left', personOf(user))
    }
    for (const [userId, user] of users) {
      const known = before.get(userId)
      if (!known) this.#events.emit('joined', personOf(user))
      else if (known.name !== user.name || known.color !== user.color) {
        this.#events.emit('profile', personOf(user))
      }
    }
  }

  #event(frame: PresenceFrame) {
    const before = this.presence
    const step = onPresence(before, frame)
    this.presence = step.presence
    if (step.sync) this.#asking.sync()
    const { presence, joined, left } = step
    if (presence.seq === before.seq) return
    if (frame.type === 'user_count') return this.#events.emit('count', presence.count)
    if (joined) this.#events.emit('joined', personOf(joined))
    if (frame.type === 'user_left') {
      this.pointers.delete(frame.user_id)
      this.put(lives.onLeft(this.messages, frame.user_id))
      if (left) this.#events.emit('left', personOf(left))
    }
    const user = presence.users.get(frame.user_id)
    if (frame.type === 'user_updated' && user) this.#events.emit('profile', personOf(user))
  }

  #change(messages: lives.Messages) {
    const before = this.messages.entries
    this.messages = messages
    for (const [key, entry] of before) {
      if (messages.entries.has(key)) continue
      if (entry.state === 'sent') this.#events.emit('expired', this.messageOf(entry))
      else if (entry.state === 'draft') this.#events.emit('draft', draftOf(entry, ''))
    }
    for (const [key, entry] of messages.entries) {
      const known = before.get(key)
      if (known === entry) continue
      if (entry.state === 'draft') this.#events.emit('draft', draftOf(entry))
      // One that was pending is the answer to `say`.
      else if (entry.state === 'sent' && (!known || known.state === 'draft')) {
        this.#events.emit('message', this.messageOf(entry))
      }
    }
  }
}

export function draftOf(entry: lives.Entry, text = entry.text): Draft {
  const { messageId, userId = '', at } = entry
  return { messageId, userId, text, ...at }
}

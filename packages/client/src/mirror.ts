/*
 * What a client knows of a channel: people, pointers, rules, and what is on the canvas (canvas.ts). Each frame changes it by
 * the rules in core/, and the difference becomes events. It sends nothing but what it must ask.
 */
import { createCanvas } from './canvas.ts'
import { createAsking } from './core/asking.ts'
import {
  toPosition,
  type ChatFrame,
  type Position,
  type PresenceFrame,
  type ServerFrame,
  type StrokeFrame,
  type User,
  type UserSync,
} from './core/frames.ts'
import type { Host } from './core/host.ts'
import { isHere, NOBODY, onPresence, onSync, withProfiles } from './core/presence.ts'
import { changeRules, NO_RULES, rulesOf as rulesIn } from './core/rules.ts'
import { createServerClock } from './core/server-clock.ts'
import {
  fieldsOf,
  personOf,
  rulesOf,
  type Activity,
  type Emitter,
  type Message,
  type Stroke,
} from './events.ts'
import type { Answer, PostFrame } from './posts.ts'

type Finished = StrokeFrame & Answer

/** `isAnswer`: whether the server accepted one of our posts by this frame; `keep` then has it. */
export function createMirror(host: Host, events: Emitter, isAnswer: (frame: Answer) => boolean) {
  let userId = ''
  let rules = NO_RULES
  let presence = NOBODY
  const pointers = new Map<string, Position>()
  const known = new Map<string, User>()
  const clock = createServerClock(
    host,
    () => canvas.cull(),
    (ms) => canvas.shift(ms),
  )
  const canvas = createCanvas(clock.now, events)
  /** Somebody here, or whose name was seen: a large channel's roster does not list all (W20). */
  const user = (id: string) => presence.users.get(id) ?? known.get(id)
  const asking = createAsking(
    host,
    () => presence.waitingFor !== undefined,
    (id) => user(id) !== undefined,
  )

  const isAway = (id: string) => !isHere(presence, id)

  function postOf(frame: ChatFrame | Finished): Message | Stroke {
    const { message_id: id, user_id, name = '', color = '', timestamp, expires_at } = frame
    const post = {
      ...{ id, userId: user_id, name, color, mine: user_id === userId },
      ...{ sentAt: timestamp, expiresAt: expires_at },
    }
    return frame.type === 'chat'
      ? { ...post, text: frame.payload, ...toPosition(frame.position), bot: frame.bot === true }
      : { ...post, points: frame.points }
  }

  function onPost(frame: ChatFrame | StrokeFrame) {
    // A stroke that is still being drawn has no end, and is not shown.
    const isFinished = frame.expires_at !== undefined
    if (isFinished && !isAnswer(frame as Finished))
      canvas.add(frame.message_id, postOf(frame as Finished))
  }

  function synchronize(frame: UserSync, fresh: boolean) {
    const before = presence.users
    userId = frame.user_id
    rules = rulesIn(frame.rules)
    presence = onSync(presence, frame, fresh).presence
    asking.synced()
    for (const id of pointers.keys()) if (isAway(id)) pointers.delete(id)
    if (fresh) canvas.endDrafts(isAway)
    else emitDifferences(before)
    frame.messages.forEach(onPost)
    frame.strokes?.forEach(onPost)
  }

  /** The events that a snapshot stands for, because the frames of some of them are missing (W19). */
  function emitDifferences(before: ReadonlyMap<string, User>) {
    const { users } = presence
    for (const [id, left] of before) if (!users.has(id)) events.emit('left', personOf(left))
    for (const [id, here] of users) {
      const old = before.get(id)
      if (!old) events.emit('joined', personOf(here))
      else if (old.name !== here.name || old.color !== here.color) {
        events.emit('profile', personOf(here))
      }
    }
  }

  function onPeople(frame: PresenceFrame) {
    const { seq } = presence
    const step = onPresence(presence, frame)
    presence = step.presence
    if (step.sync) asking.sync()
    if (presence.seq === seq) return
    if (frame.type === 'user_count') return events.emit('count', presence.count)
    const { joined, left } = step
    const { user_id: id } = frame
    if (joined) events.emit('joined', personOf(joined))
    if (frame.type === 'user_left') {
      pointers.delete(id)
      canvas.endDrafts((by) => by === id)
      if (left) events.emit('left', personOf(left))
    }
    const changed = presence.users.get(id)
    if (frame.type === 'user_updated' && changed) events.emit('profile', personOf(changed))
  }

  /** Takes in a frame; `fresh`: the first one of a connection. */
  function receive(frame: ServerFrame, fresh: boolean) {
    clock.receive(frame)
    if ('epoch' in frame)
      return frame.type === 'user_sync' ? synchronize(frame, fresh) : onPeople(frame)
    switch (frame.type) {
      case 'chat':
      case 'stroke':
        return onPost(frame)
      case 'ack':
        isAnswer(frame)
        return
      case 'typing': {
        const { user_id, message_id: messageId, payload: text, position } = frame
        asking.meet(user_id)
        return canvas.add(messageId, {
          messageId,
          userId: user_id,
          text,
          ...toPosition(position),
        })
      }
      case 'cursors':
        for (const [id, x, y] of frame.cursors) {
          if (id === userId) continue
          asking.meet(id)
          const at = toPosition({ x, y, anchor: frame.anchors?.[id] })
          pointers.set(id, at)
          events.emit('pointer', { userId: id, ...at })
        }
        return
      case 'reaction':
      case 'followed':
      case 'view':
        asking.meet(frame.user_id)
        return events.emit(frame.type, fieldsOf(frame))
      case 'pace':
        return events.emit(frame.type, fieldsOf(frame))
      case 'activity': {
        const places = frame.places.map(([x, y, people, here]) => ({
          x,
          y,
          people,
          messages: here,
        }))
        return events.emit(frame.type, { ...fieldsOf<Activity>(frame), places })
      }
      case 'profiles':
        presence = withProfiles(presence, frame.users)
        for (const each of frame.users) {
          known.set(each.user_id, each)
          if (presence.users.has(each.user_id)) events.emit('profile', personOf(each))
        }
        return
      case 'channel_updated':
        rules = changeRules(rules, frame, userId)
        return events.emit('rules', rulesOf(rules))
      case 'cleared':
        canvas.clear(frame.timestamp)
        return events.emit(frame.type, { by: frame.by })
      case 'notice':
        return events.emit(frame.type, { text: frame.text, sentAt: frame.timestamp })
      case 'degraded':
      case 'restored':
        return events.emit(frame.type, undefined)
    }
  }

  return {
    receive,
    pointers,
    clock,
    canvas,
    user,
    userId: () => userId,
    rules: () => rules,
    presence: () => presence,

    /** Keeps a post of ours that the server accepted, and returns it as a Message or a Stroke. */
    keep(frame: PostFrame, answer: Answer): Message | Stroke {
      // After a reconnect under a new user id, the answer may name the old one.
      const sent = { user_id: userId, ...user(userId), ...frame, ...answer, type: frame.type }
      const own = { ...postOf(sent as Finished), mine: true }
      canvas.add(own.id, own, false)
      return own
    },

    /** Nobody is here: the channel is closed. */
    reset() {
      presence = NOBODY
      pointers.clear()
      canvas.close()
    },
  }
}

/*
 * Passes each frame from the server to the stores that it concerns.
 */
import type { ServerFrame } from '@asocial/client/core/frames'
import type { App } from './app'
import { isKind } from '@asocial/client/core/reactions'
import { createOwn } from '@asocial/client/core/own'

export function createReceiver(app: App) {
  const { session, presence, messages, cursors, navigation, reactions, muted, strokes } = app
  const own = createOwn(cursors, messages)

  /** `fresh`: the first frame of a connection. */
  return function receive(frame: ServerFrame, fresh: boolean) {
    session.clock.receive(frame)
    toStores(frame, fresh)
    own.receive(frame, fresh)
    // After the session and presence: whose stroke it is depends on them.
    strokes.receive(frame, fresh)
  }

  function toStores(frame: ServerFrame, fresh: boolean) {
    const selfId = session.store.getState().userId
    switch (frame.type) {
      case 'degraded':
        return session.setDegraded(true)
      case 'restored':
        return session.setDegraded(false)
      case 'user_sync':
        if (fresh) session.setDegraded(false)
        session.onSync(frame)
        presence.onSync(frame, fresh)
        cursors.keepOnly(presence.isHere)
        navigation.keepOnly(presence.isHere)
        navigation.onCrowd(frame.crowd === true)
        messages.onSync(
          frame.messages.filter(({ user_id }) => !muted.has(user_id)),
          fresh,
          presence.isHere,
        )
        if (!fresh) return
        app.sendOnMap()
        navigation.onArrival()
        return
      case 'user_left':
        presence.onEvent(frame)
        cursors.remove(frame.user_id)
        messages.onLeft(frame.user_id)
        navigation.keepOnly((userId) => userId !== frame.user_id)
        return
      case 'user_updated':
        presence.onEvent(frame)
        if (frame.user_id === selfId) session.onOwnProfile(frame.name, frame.color)
        return
      case 'user_joined':
      case 'user_count':
        presence.onEvent(frame)
        return
      case 'chat':
        return muted.has(frame.user_id) ? undefined : messages.onChat(frame)
      case 'ack':
        return messages.onAck(frame)
      case 'typing':
        if (muted.has(frame.user_id)) return
        presence.meet(frame.user_id)
        if (frame.payload !== '') cursors.hide(frame.user_id)
        return messages.onTyping(frame)
      case 'cursors': {
        const wanted = frame.cursors.filter(([id]) => id !== selfId && !muted.has(id))
        for (const [id] of wanted) presence.meet(id)
        return cursors.onCursors(wanted, selfId)
      }
      case 'reaction':
        if (muted.has(frame.user_id) || !isKind(frame.kind)) return
        presence.meet(frame.user_id)
        return reactions.onReaction(frame)
      case 'followed':
        presence.meet(frame.user_id)
        return navigation.onFollowed(frame.user_id)
      case 'view':
        return navigation.onView(frame)
      case 'crowd':
        return navigation.onCrowd(frame.on)
      case 'activity':
        return navigation.onActivity(frame)
      case 'profiles':
        return presence.onProfiles(frame.users)
      case 'channel_updated':
        return session.onRules(frame)
      case 'cleared':
        presence.onCleared(frame.by)
        return messages.onCleared(frame.timestamp)
      case 'notice':
        return session.setNotice(frame.text)
      case 'error':
        return messages.onRefused(frame)
    }
  }
}

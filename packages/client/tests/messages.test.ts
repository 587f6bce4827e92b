import { describe, expect, test } from 'vitest'
import * as messages from '../src/core/messages.ts'
import { unanswered } from '../src/core/unanswered.ts'
import type { ChatFrame, TypingFrame } from '../src/core/frames.ts'

const at = { x: 3, y: 4 }
const own = (messageId: string, userId: string | undefined = 'me') => ({
  messageId,
  text: 'hello',
  at,
  userId,
})
const chat = (message_id: string, user_id = 'mira', timestamp = 1_000): ChatFrame => ({
  type: 'chat',
  message_id,
  user_id,
  name: 'Mira',
  color: 'rust',
  payload: 'hello',
  position: at,
  timestamp,
  expires_at: timestamp + 5_000,
})
const typing = (message_id: string, payload: string, user_id = 'mira'): TypingFrame => ({
  type: 'typing',
  message_id,
  user_id,
  payload,
  position: at,
})
const entries = (state: messages.Messages) => [...state.entries.values()]
const only = (state: messages.Messages) => {
  expect(entries(state)).toHaveLength(1)
  return entries(state)[0]
}

describe('messages', () => {
  test('our message is shown before the server has it; the ack corrects its times', () => {
    const posted = messages.post(messages.NO_MESSAGES, own('m1'), 900, 5_000)
    expect(only(posted)).toMatchObject({ state: 'pending', expiresAt: 5_900, mine: true })
    const acked = messages.onAck(posted, { message_id: 'm1', timestamp: 1_000, expires_at: 6_000 })
    expect(only(acked)).toMatchObject({ state: 'sent', timestamp: 1_000, expiresAt: 6_000 })
    expect(entries(messages.cull(acked, 5_999))).toHaveLength(1)
    expect(entries(messages.cull(acked, 6_000))).toHaveLength(0)
  })

  test('W13: the same message twice is one message', () => {
    const once = messages.onChat(messages.NO_MESSAGES, chat('m1'), 'me', 1_000)
    expect(messages.onChat(once, chat('m1'), 'me', 1_100)).toBe(once)
    const other = messages.onChat(once, chat('m1', 'aiko'), 'me', 1_100)
    expect(entries(other)).toHaveLength(2)
  })

  test('W13: a chat takes the place of its draft, under the same key', () => {
    const draft = messages.onTyping(messages.NO_MESSAGES, typing('m1', 'hel'), 'me', 900)
    const posted = messages.onChat(draft, chat('m1'), 'me', 1_000)
    expect(only(posted)).toMatchObject({ key: only(draft)?.key, state: 'sent', grown: true })
  })

  test('W13: a draft that comes after its chat is ignored, also when the chat has gone', () => {
    const posted = messages.onChat(messages.NO_MESSAGES, chat('m1'), 'me', 1_000)
    expect(messages.onTyping(posted, typing('m1', 'hel'), 'me', 1_001)).toBe(posted)
    const gone = messages.cull(posted, 6_000)
    expect(entries(messages.onTyping(gone, typing('m1', 'hel'), 'me', 6_100))).toHaveLength(0)
    expect(messages.cull(gone, 60_000).over.size).toBe(0)
  })

  test('W12: a message whose life is over is not shown', () => {
    expect(entries(messages.onChat(messages.NO_MESSAGES, chat('m1'), 'me', 6_000))).toHaveLength(0)
  })

  test('W15: an idle draft vanishes after 10 s, a dropped one at once', () => {
    const draft = messages.onTyping(messages.NO_MESSAGES, typing('m1', 'h'), 'me', 0)
    const touched = messages.onTyping(draft, typing('m1', 'he'), 'me', 5_000)
    expect(entries(messages.cull(touched, 14_999))).toHaveLength(1)
    expect(entries(messages.cull(touched, 15_000))).toHaveLength(0)
    expect(entries(messages.onTyping(touched, typing('m1', ''), 'me', 5_100))).toHaveLength(0)
  })

  test('a refused message stays, with the reason and the time when it may be sent again', () => {
    const posted = messages.post(messages.NO_MESSAGES, own('m1'), 0, 5_000)
    const refused = messages.onRefused(
      posted,
      {
        type: 'error',
        code: 'rate_limited',
        message: 'slow',
        retry_after: 3_000,
        limit: 'address',
        message_id: 'm1',
      },
      100,
    )
    expect(only(messages.cull(refused, 1e9))).toMatchObject({
      state: 'refused',
      text: 'hello',
      error: { code: 'rate_limited', limit: 'address', retryAt: 3_100 },
    })
    expect(unanswered(refused)).toEqual([])
    const again = messages.post(messages.drop(refused, '/m1'), own('m1'), 3_200, 5_000)
    expect(only(again)).toMatchObject({ state: 'pending', expiresAt: 8_200 })
    expect(only(again)?.error).toBeUndefined()
  })

  test('W10: unanswered messages are sent again while they live; older ones are offered, not lost', () => {
    let state = messages.post(messages.NO_MESSAGES, own('m1', undefined), 0, 5_000)
    state = messages.post(state, own('m2', undefined), 4_000, 5_000)
    state = messages.cull(state, 5_500)
    expect(unanswered(state).map((entry) => entry.messageId)).toEqual(['m2'])
    expect(state.entries.get('/m1')).toMatchObject({ state: 'late', text: 'hello' })
    expect(messages.nextCull(state)).toBe(9_000)
  })

  test('W10: a user_sync that contains our unanswered messages answers them', () => {
    const posted = messages.post(messages.NO_MESSAGES, own('m1'), 900, 5_000)
    const back = messages.onChat(posted, chat('m1', 'me'), 'me', 2_000)
    expect(only(back)).toMatchObject({ state: 'sent', expiresAt: 6_000, mine: true })
  })

  test('with a new user id after a reconnect our own messages are not doubled', () => {
    const posted = messages.onAck(
      messages.post(messages.NO_MESSAGES, own('m1', 'old'), 900, 5_000),
      {
        message_id: 'm1',
        timestamp: 1_000,
        expires_at: 6_000,
      },
    )
    expect(only(messages.onChat(posted, chat('m1', 'old'), 'new', 2_000))?.mine).toBe(true)
    const other = { ...chat('m1', 'old'), payload: 'by who has that id now' }
    expect(entries(messages.onChat(posted, other, 'new', 2_000)).map(({ mine }) => mine)).toEqual([
      true,
      false,
    ])
  })

  test('W13: somebody who uses our message ids can neither change nor hide our messages, with any frame in any state', () => {
    const posted = messages.post(messages.NO_MESSAGES, own('m1'), 900, 5_000)
    const error = { type: 'error', code: 'rate_limited', message: '', message_id: 'm1' } as const
    const states = {
      pending: posted,
      unnamed: messages.post(messages.NO_MESSAGES, own('m1', undefined), 900, 5_000),
      sent: messages.onAck(posted, { message_id: 'm1', timestamp: 1_000, expires_at: 6_000 }),
      refused: messages.onRefused(posted, error, 1_000),
      late: messages.cull(posted, 5_900),
      draft: messages.onTyping(messages.NO_MESSAGES, typing('m1', 'hello', 'me'), 'me', 1_000),
    }
    // A user id may read like a prefix of ours.
    for (const them of ['them', 'me', '-', 'm1']) {
      for (const [name, state] of Object.entries(states)) {
        const self = them === 'me' ? 'we' : 'me'
        const mine = entries(state)[0]
        const lie = { ...chat('m1', them, 1_500), payload: 'I agree with them' }
        let after = messages.onTyping(state, typing('m1', 'I agr', them), self, 1_400)
        after = messages.onTyping(after, typing('m1', '', them), self, 1_400)
        after = messages.onChat(after, lie, self, 1_500)
        after = messages.endDrafts(after, (id) => id === them)
        if (name !== 'draft' || self === 'me') expect(entries(after)[0], name).toBe(mine)
        expect(entries(after).map(({ text, mine }) => [text, mine])).toContainEqual([
          'I agree with them',
          false,
        ])
      }
    }
  })

  test('when a member leaves, their drafts vanish and their messages stay', () => {
    let state = messages.onChat(messages.NO_MESSAGES, chat('m1'), 'me', 1_000)
    state = messages.onTyping(state, typing('m2', 'and'), 'me', 1_000)
    state = messages.onTyping(state, typing('m3', 'so', 'aiko'), 'me', 1_000)
    const after = messages.endDrafts(state, (id) => id === 'mira')
    expect(entries(after).map((entry) => entry.messageId)).toEqual(['m1', 'm3'])
    expect(entries(messages.endDrafts(state, (id) => id !== 'mira'))).toHaveLength(2)
  })

  test('an error for a message that was posted in the meantime changes nothing', () => {
    const posted = messages.onChat(messages.NO_MESSAGES, chat('m1', 'me'), 'me', 1_000)
    const error = { type: 'error', code: 'unavailable', message: '', message_id: 'm1' } as const
    expect(messages.onRefused(posted, error, 1_000)).toBe(posted)
  })
})

/*
 * What lives on the canvas of a channel: messages, drafts and strokes. Time is Vitest's fake one.
 */
import { describe, expect, test, vi } from 'vitest'
import { chat, setUp, stroke } from './support/channel.ts'

describe('the canvas of a channel', () => {
  test('W13: a draft or a repetition that comes after the end of its message is ignored', async () => {
    const { socket, live, settle, types } = setUp()
    live()
    const draft = (payload: string) =>
      socket().receive({
        ...{ type: 'typing', message_id: 'm1', user_id: 'mira' },
        ...{ payload, position: { x: 1, y: 2 } },
      })
    draft('h')
    socket().receive(chat('m1', 0))
    await vi.advanceTimersByTimeAsync(5_001)
    draft('hi')
    socket().receive({ ...chat('m1', 0), expires_at: 60_000 })
    await settle()
    expect(types()).toEqual(['connected', 'draft', 'message', 'expired'])
  })

  test('W15: a draft that does not change for ten seconds is gone', async () => {
    const { channel, events, socket, live, settle } = setUp()
    live()
    const position = { x: 1, y: 2 }
    socket().receive({ type: 'typing', message_id: 'm1', user_id: 'mira', payload: 'h', position })
    await settle()
    expect(channel.drafts).toEqual([{ messageId: 'm1', userId: 'mira', text: 'h', ...position }])
    vi.advanceTimersByTime(5_000)
    socket().receive({ type: 'cursors', cursors: [] }) // or the client takes the connection for lost
    await vi.advanceTimersByTimeAsync(5_001)
    expect(channel.drafts).toEqual([])
    expect(events.at(-1)).toMatchObject({ type: 'draft', data: { messageId: 'm1', text: '' } })
  })

  test('W65: what was cleared is gone, and what is older does not come back', async () => {
    const { channel, socket, live, settle, types } = setUp()
    live({ messages: [chat('m1', 0)], strokes: [stroke('s1', 0)] })
    socket().receive({ type: 'cleared', by: 'mira', timestamp: 10 })
    socket().receive(chat('m2', 5))
    socket().receive(stroke('s2', 5))
    socket().receive(chat('m3', 11))
    await settle()
    expect(types().slice(3)).toEqual(['expired', 'cleared', 'message'])
    expect(channel.strokes).toEqual([])
    expect(channel.messages).toMatchObject([{ id: 'm3' }])
  })

  test('W110: a finished line is there until its end; one that is still drawn is not shown', async () => {
    const { channel, events, socket, live, settle } = setUp()
    live()
    const { type, message_id, user_id } = stroke('s1', 0)
    socket().receive({ type, message_id, user_id, points: [[0, 0]] })
    socket().receive(stroke('s1', 0))
    await settle()
    const line = {
      ...{ id: 's1', userId: 'mira', name: 'mira', color: 'rust', mine: false },
      ...{ points: [[0, 0], [3, 4]], sentAt: 0, expiresAt: 5_000 },
    } // prettier-ignore
    expect(events.slice(1)).toEqual([{ type: 'stroke', data: line }])
    expect(channel.strokes).toEqual([line])
    await vi.advanceTimersByTimeAsync(5_001)
    expect(channel.strokes).toEqual([])
  })

  test('W110, W111: a line is sent again until its ack, with one decimal, and is no event', async () => {
    const { channel, socket, live, sent, settle, types } = setUp()
    live()
    const points = [[0.04, 0], [1.26, -2]] as const // prettier-ignore
    const drawn = channel.stroke(points, { messageId: 's1' })
    socket().end(1006)
    vi.advanceTimersByTime(300)
    live()
    expect(sent('stroke')).toEqual([
      { type: 'stroke', message_id: 's1', points: [[0, 0], [1.3, -2]], done: true },
    ]) // prettier-ignore
    socket().receive({ type: 'ack', message_id: 's1', timestamp: 250, expires_at: 5_250 })
    expect(await drawn).toMatchObject({ id: 's1', userId: 'me', mine: true, sentAt: 250 })
    expect(channel.strokes).toHaveLength(1)
    await settle()
    expect(types()).not.toContain('stroke')
  })
})

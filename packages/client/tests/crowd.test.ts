import { describe, expect, test, vi } from 'vitest'
import { setUp } from './support/channel.ts'

describe('a crowd', () => {
  const placed = { x: '5', y: '6', w: '700', h: '500' }

  test('W162: the address says what the client shows, at first and after a break', () => {
    const { channel, socket, live } = setUp()
    live()
    expect(new URL(socket().url).searchParams.has('x')).toBe(false)
    channel.view(5, 6, 700, 500)
    socket().end(1006)
    vi.advanceTimersByTime(2_000)
    expect(Object.fromEntries(new URL(socket().url).searchParams)).toMatchObject(placed)
  })

  test('W160: the view is sent in a crowd only, at most 4 times a second, the latest last', async () => {
    const { channel, events, live, sent, settle, socket } = setUp()
    live()
    channel.view(5, 6, 700, 500)
    expect(sent('view')).toEqual([])
    socket().receive({ type: 'crowd', on: true })
    await settle()
    expect(channel.isCrowd).toBe(true)
    expect(events.at(-1)).toEqual({ type: 'crowd', data: { on: true } })
    expect(sent('view')).toEqual([
      { type: 'view', position: { x: 5, y: 6 }, width: 700, height: 500 },
    ])
    for (let x = 0; x < 50; x += 1) {
      channel.view(x, 0, 700, 500)
      vi.advanceTimersByTime(20)
    }
    vi.advanceTimersByTime(300)
    expect(sent('view').length).toBeLessThanOrEqual(6)
    expect(sent('view').at(-1)).toMatchObject({ position: { x: 49, y: 0 } })
    socket().receive({ type: 'crowd', on: false })
    channel.view(1, 1, 700, 500)
    vi.advanceTimersByTime(300)
    expect(sent('view').at(-1)).toMatchObject({ position: { x: 49, y: 0 } })
  })

  test('W168: a view that waits is not sent once the crowd is over', async () => {
    const { channel, live, sent, settle, socket } = setUp()
    live({ crowd: true })
    channel.view(1, 1, 700, 500)
    channel.view(2, 2, 700, 500)
    socket().receive({ type: 'crowd', on: false })
    await settle()
    vi.advanceTimersByTime(1_000)
    expect(sent('view')).toMatchObject([{ position: { x: 1, y: 1 } }])
  })

  test('W32: followers see the view for 12 s', async () => {
    const { channel, live, sent, settle, socket } = setUp()
    live()
    channel.view(5, 6, 700, 500)
    expect(sent('view')).toEqual([])
    socket().receive({ type: 'followed', user_id: 'bob' })
    await settle()
    expect(sent('view')).toMatchObject([{ position: { x: 5, y: 6 } }])
    const wait = (ms: number) => {
      vi.advanceTimersByTime(ms)
      socket().receive({ type: 'cursors', cursors: [] }) // or the client takes the connection for lost
    }
    for (let s = 0; s < 11; s += 1) wait(1_000)
    channel.view(7, 8, 700, 500)
    expect(sent('view').at(-1)).toMatchObject({ position: { x: 7, y: 8 } })
    for (let s = 0; s < 2; s += 1) wait(1_000)
    channel.view(9, 9, 700, 500)
    expect(sent('view')).toHaveLength(2)
  })

  test('W167: pointers and drafts keep to the pace until the crowd is over', async () => {
    const { channel, events, live, sent, settle, socket } = setUp()
    live({ crowd: true })
    socket().receive({ type: 'pace', cursors_per_second: 4, drafts_per_second: 2 })
    await settle()
    expect(events.at(-1)).toEqual({
      type: 'pace',
      data: { cursorsPerSecond: 4, draftsPerSecond: 2 },
    })
    const draft = channel.draft()
    const move = () => {
      const before = [sent('cursor').length, sent('typing').length]
      for (let x = 0; x < 50; x += 1) {
        channel.move(x, before[0] ?? 0)
        draft.type(`${before} ${x}`)
        vi.advanceTimersByTime(20)
      }
      vi.advanceTimersByTime(1_000)
      return [sent('cursor').length - (before[0] ?? 0), sent('typing').length - (before[1] ?? 0)]
    }
    // One more each for newcomers (W16).
    const [cursors = 0, drafts = 0] = move()
    expect(cursors).toBeLessThanOrEqual(7)
    expect(drafts).toBeLessThanOrEqual(5)
    socket().receive({ type: 'crowd', on: false })
    expect(Math.min(...move())).toBeGreaterThan(15)
  })

  test('W166: activity is an event', async () => {
    const { events, live, settle, socket } = setUp()
    live({ crowd: true })
    socket().receive({ type: 'activity', size: 1024, whole: true, places: [[512, 512, 3, 1]] })
    await settle()
    expect(events.at(-1)).toEqual({
      type: 'activity',
      data: { size: 1024, whole: true, places: [{ x: 512, y: 512, people: 3, messages: 1 }] },
    })
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fitted } from '../../../src/features/navigation/model/following'
import type { ServerFrame } from '@asocial/client/core/frames'
import { setUp } from '../../support/visitor'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('requestAnimationFrame', (frame: (at: number) => void) =>
    setTimeout(() => frame(performance.now()), 16),
  )
  vi.stubGlobal('cancelAnimationFrame', clearTimeout)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const followed: ServerFrame = { type: 'followed', user_id: 'mira' }

function visitor() {
  const it = setUp()
  it.app.camera.setView({ width: 1000, height: 500 })
  return {
    ...it,
    pan: () => it.app.camera.pan(-10, 0),
    /** What concerns others is fetched first (navigation/store/navigation.ts). */
    async get(frame: ServerFrame) {
      it.get(frame)
      await vi.dynamicImportSettled()
    },
    async follow() {
      it.app.navigation.follow('mira')
      await vi.dynamicImportSettled()
    },
  }
}

describe('our followers (W32)', () => {
  const by = (user_id: string): ServerFrame => ({ type: 'followed', user_id })

  it('are those heard of within 12 s, in the order in which they began', async () => {
    const { app, get } = visitor()
    const followers = () => app.navigation.store.getState().followers
    await get(by('mira'))
    vi.advanceTimersByTime(5_000)
    await get(by('jonas'))
    await get(by('mira'))
    expect(followers()).toEqual(['mira', 'jonas'])
    vi.advanceTimersByTime(5_000)
    await get(by('mira'))
    vi.advanceTimersByTime(7_001)
    expect(followers()).toEqual(['mira'])
    vi.advanceTimersByTime(5_000)
    expect(followers()).toEqual([])
  })

  it('are none of those who left', async () => {
    const { app, get } = visitor()
    await get(by('mira'))
    app.navigation.keepOnly((userId) => userId !== 'mira')
    await vi.dynamicImportSettled()
    expect(app.navigation.store.getState().followers).toEqual([])
  })
})

describe('our view (W32)', () => {
  it('is shown at once and as it changes, only while somebody follows us', async () => {
    const { get, of, pan } = visitor()
    pan()
    expect(of('view')).toEqual([])
    await get(followed)
    expect(of('view')).toEqual([
      { type: 'view', position: { x: 10, y: 0 }, width: 1000, height: 500 },
    ])
    for (let i = 0; i < 100; i += 1) {
      pan()
      vi.advanceTimersByTime(10)
    }
    vi.advanceTimersByTime(200)
    expect(of('view').length).toBeGreaterThan(5)
    expect(of('view').length).toBeLessThanOrEqual(11)
    expect(of('view').at(-1)?.position.x).toBe(1010)
    vi.advanceTimersByTime(12_000)
    const before = of('view').length
    pan()
    vi.advanceTimersByTime(1_000)
    expect(of('view').length).toBe(before)
  })

  it('is not shown by who follows somebody, nor by who does not want to be found', async () => {
    const { app, follow, get, of, pan } = visitor()
    await follow()
    await get(followed)
    pan()
    await follow()
    await get(followed)
    expect(of('view')).toEqual([])
    app.navigation.stop()
    await get(followed)
    expect(of('view').length).toBe(1)
    app.settings.set({ onMap: false })
    pan()
    vi.advanceTimersByTime(1_000)
    await get(followed)
    expect(of('view').length).toBe(1)
  })

  it('is not shown late to followers by who does not want to be found any more', async () => {
    const { app, get, of, pan } = visitor()
    await get(followed)
    pan()
    app.settings.set({ onMap: false })
    vi.advanceTimersByTime(1_000)
    expect(of('view').length).toBe(1)
  })

  it('of the followed one becomes ours, gently, and pointers serve where none is shown', async () => {
    const { app, follow, get } = visitor()
    const camera = () => app.camera.store.getState().camera
    await follow()
    const view: ServerFrame = {
      type: 'view',
      user_id: 'mira',
      position: { x: 300, y: -40 },
      width: 2000,
      height: 900,
    }
    await get({ ...view, user_id: 'somebody else' })
    vi.advanceTimersByTime(500)
    expect(camera()).toEqual({ x: 0, y: 0, zoom: 1 })
    await get(view)
    vi.advanceTimersByTime(500)
    expect(camera()).toEqual({ x: 300, y: -40, zoom: 0.5 })
    // They show it no more: what is left is where they point.
    vi.advanceTimersByTime(12_000)
    await get({ type: 'cursors', cursors: [['mira', 9_000, 0]] })
    vi.advanceTimersByTime(500)
    expect(camera().x).toBeGreaterThan(8_000)
  })

  it('of the followed one is asked for every 5 s until one stops', async () => {
    const { app, follow, of } = visitor()
    await follow()
    vi.advanceTimersByTime(11_000)
    expect(of('follow').map((frame) => frame.user_id)).toEqual(['mira', 'mira', 'mira'])
    app.navigation.stop()
    vi.advanceTimersByTime(20_000)
    expect(of('follow').length).toBe(3)
  })
  it('is not followed any more when one stopped before the code was there', async () => {
    const { app, of } = visitor()
    app.navigation.follow('mira')
    app.navigation.stop()
    await vi.dynamicImportSettled()
    expect(app.navigation.store.getState().following).toBeUndefined()
    vi.advanceTimersByTime(11_000)
    expect(of('follow')).toEqual([])
  })
})

it('a view of another shape is seen whole, around its middle', () => {
  const seen = { middle: { x: 7, y: 8 }, width: 1000, height: 500 }
  expect(fitted({ width: 1000, height: 500 }, seen)).toEqual({ x: 7, y: 8, zoom: 1 })
  expect(fitted({ width: 500, height: 900 }, seen)).toEqual({ x: 7, y: 8, zoom: 0.5 })
  expect(fitted({ width: 2000, height: 700 }, seen)).toEqual({ x: 7, y: 8, zoom: 1.4 })
  expect(fitted({ width: 10, height: 10 }, seen).zoom).toBe(0.1)
})

describe('our view in a crowd (W160)', () => {
  it('is sent as it changes, at most 4 times a second, whether somebody follows us or not', async () => {
    const { get, of, pan } = visitor()
    await get({ type: 'crowd', on: true })
    expect(of('view')).toEqual([
      { type: 'view', position: { x: 0, y: 0 }, width: 1000, height: 500 },
    ])
    for (let i = 0; i < 100; i += 1) {
      pan()
      vi.advanceTimersByTime(20)
    }
    vi.advanceTimersByTime(300)
    expect(of('view').length).toBeLessThanOrEqual(10)
    expect(of('view').at(-1)).toMatchObject({ position: { x: 1000, y: 0 } })
  })

  it('ends with the crowd', async () => {
    const { get, of, pan } = visitor()
    await get({ type: 'crowd', on: true })
    await get({ type: 'crowd', on: false })
    const before = of('view').length
    pan()
    vi.advanceTimersByTime(1_000)
    expect(of('view').length).toBe(before)
  })
})

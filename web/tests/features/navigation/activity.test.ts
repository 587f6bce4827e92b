/* A crowd (W160 to W168): what lies outside our region is known as places. */
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import {
  farPlaces,
  onActivity,
  regionOf,
  spotsInCrowd,
  type Crowd,
} from '../../../src/features/navigation/model/activity'
import {
  goToNearest,
  spotsFor,
  viewOnArrival,
} from '../../../src/features/navigation/store/finding'
import type { ServerFrame } from '@asocial/client/core/frames'
import type { Spot } from '../../../src/features/navigation/model/spots'
import { setUp } from '../../support/visitor'

const CELL = 1_024
const EMPTY: Crowd = { region: undefined, size: 0, places: new Map() }
type Place = [x: number, y: number, people: number, messages: number]
const activity = (places: Place[], whole = true, size = CELL) =>
  ({ type: 'activity', size, whole, places }) as const

describe('the region of a view (W160)', () => {
  test('is the cells that it touches and one around', () => {
    expect(regionOf({ x: 0, y: 0 }, { width: 1000, height: 500 })).toEqual({
      left: -2 * CELL,
      top: -2 * CELL,
      right: 2 * CELL,
      bottom: 2 * CELL,
    })
    expect(regionOf({ x: 500, y: 1500 }, { width: 100, height: 100 })).toEqual({
      left: -CELL,
      top: 0,
      right: 2 * CELL,
      bottom: 3 * CELL,
    })
  })

  test('has at most 12 cells in each direction, around the middle of the view (W164)', () => {
    const { left, right, top, bottom } = regionOf({ x: 10, y: 10 }, { width: 20_000, height: 100 })
    expect([left, right]).toEqual([-6 * CELL, 6 * CELL])
    expect([top, bottom]).toEqual([-2 * CELL, 2 * CELL])
  })
})

describe('activity (W166)', () => {
  test('changes add to what is known, an empty place goes, and a whole one replaces all', () => {
    let crowd = onActivity(
      EMPTY,
      activity([
        [512, 512, 3, 1],
        [9_728, 512, 1, 0],
      ]),
    )
    crowd = onActivity(
      crowd,
      activity(
        [
          [512, 512, 0, 0],
          [9_728, 512, 2, 5],
        ],
        false,
      ),
    )
    expect([...crowd.places.values()]).toEqual([
      { at: { x: 9_728, y: 512 }, people: 2, messages: 5 },
    ])
    crowd = onActivity(crowd, activity([[1_024, 1_024, 9, 9]], true, 2 * CELL))
    expect([...crowd.places.values()]).toEqual([
      { at: { x: 1_024, y: 1_024 }, people: 9, messages: 9 },
    ])
    expect(crowd.size).toBe(2 * CELL)
  })

  test('says of the places outside our region who is there besides us', () => {
    const region = regionOf({ x: 0, y: 0 }, { width: 1000, height: 500 })
    const all = activity([
      [512, 512, 9, 9],
      [9_728, 512, 1, 0],
      [30_208, 512, 2, 0],
    ])
    const crowd = { ...onActivity(EMPTY, all), region }
    const xs = (self?: { x: number; y: number }) =>
      farPlaces(crowd, self).map(({ at, people }) => [at.x, people])
    expect(xs()).toEqual([
      [9_728, 1],
      [30_208, 2],
    ])
    expect(xs({ x: 9_800, y: 10 })).toEqual([[30_208, 2]])
  })

  test('takes the place of what was known there, except for somebody whom we follow (W165)', () => {
    const person = (id: string, x: number): Spot => ({
      ...{ id, userId: id, kind: 'person', at: { x, y: 0 }, typing: false },
    })
    const near = [person('here', 10), person('gone', 9_000), person('followed', 9_000)]
    const region = regionOf({ x: 0, y: 0 }, { width: 1000, height: 500 })
    const ids = (crowd: Crowd) =>
      spotsInCrowd(near, crowd, undefined, 'followed').map(({ id }) => id)
    expect(ids({ ...EMPTY, region })).toEqual(['here', 'gone', 'followed'])
    const known = onActivity({ ...EMPTY, region }, activity([[9_728, 512, 4, 0]]))
    expect(ids(known)).toEqual(['here', 'followed', '#9728,512'])
  })
})

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

async function inCrowd() {
  const it = setUp()
  it.app.camera.setView({ width: 1000, height: 500 })
  const get = async (frame: ServerFrame) => {
    it.get(frame)
    await vi.dynamicImportSettled()
  }
  await get({ type: 'crowd', on: true })
  return { ...it, get, places: () => spotsFor(it.app).filter(({ kind }) => kind === 'place') }
}

const pointers = (...cursors: [string, number, number][]): ServerFrame => ({
  type: 'cursors',
  cursors,
})
const said = (id: string, x: number, y: number, of: ReturnType<typeof setUp>): ServerFrame =>
  ({ ...of.chat(id), position: { x, y } }) as ServerFrame

describe('a page in a crowd', () => {
  it('stays as it is until the first activity, and knows places from then on', async () => {
    const { app, get, places } = await inCrowd()
    await get(pointers(['mira', 9_000, 0]))
    await get(activity([]))
    expect(spotsFor(app).map(({ id }) => id)).toEqual(['@mira'])
    await get(activity([[9_728, 512, 3, 0]]))
    expect(spotsFor(app)).toMatchObject([{ kind: 'place', people: 3 }])
    expect(places()).toHaveLength(1)
  })

  it('forgets the pointers that were last seen where it looks no more', async () => {
    const { app, get } = await inCrowd()
    await get(pointers(['mira', 100, 0]))
    await get(activity([[9_728, 512, 3, 0]]))
    app.camera.pan(-900, 0)
    vi.advanceTimersByTime(300)
    expect([...app.cursors.movers.keys()]).toEqual(['mira'])
    app.camera.pan(-9_000, 0)
    vi.advanceTimersByTime(300)
    expect([...app.cursors.movers.keys()]).toEqual([])
  })

  it('shows nobody else where only we are', async () => {
    const { app, get, places } = await inCrowd()
    app.cursors.point({ x: 9_800, y: 10 })
    await get(activity([[9_728, 512, 1, 0]]))
    expect(places()).toEqual([])
  })

  it('goes to the nearest place where somebody talks, and then to what they say', async () => {
    const it = await inCrowd()
    const { app, get } = it
    await get(
      activity([
        [9_728, 512, 30, 0],
        [30_208, 512, 2, 1],
      ]),
    )
    expect(goToNearest(app)).toBe(true)
    expect(app.camera.store.getState().camera.x).toBeCloseTo(30_208, -2)
    // Out of the first view of the place, as it can be on a phone.
    await get(said('m1', 30_600, 900, it))
    vi.advanceTimersByTime(600)
    const { camera } = app.camera.store.getState()
    expect(Math.abs(camera.x - 30_600)).toBeLessThan(400)
    expect(Math.abs(camera.y - 900)).toBeLessThan(250)
  })

  it('does not move the view that somebody has moved meanwhile', async () => {
    const it = await inCrowd()
    const { app, get } = it
    await get(activity([[30_208, 512, 2, 1]]))
    goToNearest(app)
    app.camera.pan(300, 0)
    const moved = app.camera.store.getState().camera
    await get(said('m1', 30_600, 900, it))
    vi.advanceTimersByTime(5_000)
    expect(app.camera.store.getState().camera).toEqual(moved)
  })

  it('frames no place for a newcomer, only what is near', async () => {
    const { app, get } = await inCrowd()
    app.camera.pan(-9_000, 0)
    vi.advanceTimersByTime(300)
    await get(activity([[512, 512, 30, 4]]))
    expect(viewOnArrival(app)).toBeUndefined()
  })

  it('sends pointers and drafts at the pace that it is told, and as before when the crowd is over (W167)', async () => {
    const { app, get, of, write } = await inCrowd()
    await get({ type: 'pace', cursors_per_second: 4, drafts_per_second: 2 })
    const sent = (type: 'cursor' | 'typing') => {
      const before = of(type).length
      for (let i = 0; i < 50; i += 1) {
        if (type === 'cursor') app.cursors.point({ x: i, y: before })
        else app.messages.write(`${before} ${i}`)
        vi.advanceTimersByTime(20)
      }
      vi.advanceTimersByTime(1_000)
      return of(type).length - before
    }
    write('a')
    expect(sent('cursor')).toBeLessThanOrEqual(6)
    expect(sent('typing')).toBeLessThanOrEqual(4)
    await get({ type: 'crowd', on: false })
    expect(sent('cursor')).toBeGreaterThan(15)
    expect(sent('typing')).toBeGreaterThan(15)
  })

  it('shows its pointer and its draft to all when the crowd is over, and places until others did', async () => {
    const { app, get, of, write, places } = await inCrowd()
    app.cursors.point({ x: 1, y: 2 })
    write('hello')
    await get(activity([[9_728, 512, 3, 0]]))
    vi.advanceTimersByTime(1_000)
    const before = [of('cursor').length, of('typing').length]
    await get({ type: 'crowd', on: false })
    expect(places()).toHaveLength(1)
    vi.advanceTimersByTime(1_000)
    expect([of('cursor').length, of('typing').length]).toEqual(before.map((n) => n + 1))
    vi.advanceTimersByTime(1_500)
    expect(places()).toEqual([])
    await get(pointers(['mira', 9_000, 0]))
    expect(spotsFor(app).map(({ id }) => id)).toEqual(['@mira'])
  })

  it('has a message once that comes into view again', async () => {
    const it = await inCrowd()
    const { get, entries, app } = it
    await get(said('m1', 0, 0, it))
    await get(said('m1', 0, 0, it))
    expect(entries()).toHaveLength(1)
    expect([...app.history.all()]).toHaveLength(1)
  })

  it('says what it shows again after a reconnect, and only then waits for what is there', async () => {
    const { receive, sync, of, app, world, get } = await inCrowd()
    await get(activity([[30_208, 512, 2, 1]]))
    vi.advanceTimersByTime(300)
    const before = of('view').length
    world.online = false
    app.camera.pan(-30_208, 0)
    vi.advanceTimersByTime(300)
    // Nobody has sent what is there: it is still a place.
    expect(spotsFor(app)).toMatchObject([{ kind: 'place' }])
    world.online = true
    receive(sync({ crowd: true }), true)
    await vi.dynamicImportSettled()
    vi.advanceTimersByTime(300)
    expect(of('view').slice(before)).toMatchObject([{ position: { x: 30_208, y: 0 } }])
    expect(spotsFor(app)).toEqual([])
  })
})

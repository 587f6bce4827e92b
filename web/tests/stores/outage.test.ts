/*
 * What the page does while the store that processes share is away.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { setUp } from '../support/visitor'

beforeEach(() => vi.useFakeTimers({ now: 50_000 }))
afterEach(() => vi.useRealTimers())

describe('the store that processes share goes away and comes back (W29)', () => {
  test('it is shown, and those who can be reached again get our position', () => {
    const { app, get, of } = setUp()
    app.cursors.point({ x: 1, y: 2 })
    vi.advanceTimersByTime(100)
    const before = of('cursor').length
    get({ type: 'degraded' })
    expect(app.session.store.getState().degraded).toBe(true)
    get({ type: 'restored' })
    expect(app.session.store.getState().degraded).toBe(false)
    vi.advanceTimersByTime(1_000)
    expect(of('cursor').length).toBe(before + 1)
  })

  test('a new connection starts without it', () => {
    const { app, get, receive, sync } = setUp()
    get({ type: 'degraded' })
    receive(sync(), true)
    expect(app.session.store.getState().degraded).toBe(false)
  })
})

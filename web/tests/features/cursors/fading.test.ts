import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { setUp } from '../../support/visitor'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a cursor that rests is drawn again only while it fades', () => {
  const { app, get } = setUp()
  let fades = 0
  let wakes = 0
  app.cursors.onFade(() => (fades += 1))
  app.cursors.onWake(() => (wakes += 1))
  get({ type: 'cursors', cursors: [['mira', 0, 0]] })
  wakes = 0
  vi.advanceTimersByTime(5_000)
  app.cursors.fade()
  expect(fades).toBe(0)
  vi.advanceTimersByTime(1_000)
  app.cursors.fade()
  expect(fades).toBe(1)
  expect(wakes).toBe(0)
  app.cursors.hide('mira')
  app.cursors.fade()
  expect(fades).toBe(1)
})

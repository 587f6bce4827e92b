/* Stores: an error in one listener stops neither the others nor the one who changed the store. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createStore } from '../../../src/shared/store/store'
import { setUp } from '../../support/visitor'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const failing = () => {
  throw new Error('of one listener')
}

/** Uncaught errors are thrown by timers; this runs them and counts. */
function reported(): number {
  let count = 0
  for (;;) {
    try {
      vi.runOnlyPendingTimers()
      return count
    } catch {
      count += 1
    }
  }
}

describe('a listener that throws', () => {
  test('stops no other, nor the change, and is reported', () => {
    const store = createStore(() => ({ n: 0 }))
    const heard: number[] = []
    store.subscribe(failing)
    store.subscribe(({ n }) => heard.push(n))
    store.setState({ n: 1 })
    store.setState({ n: 2 })
    expect(heard).toEqual([1, 2])
    expect(reported()).toBeGreaterThan(0)
  })

  test('can be taken off again', () => {
    const store = createStore(() => ({ n: 0 }))
    const stop = store.subscribe(failing)
    stop()
    store.setState({ n: 1 })
    expect(reported()).toBe(0)
  })
})

test('messages vanish at the end of their life, whatever a listener does', () => {
  const { app, get, chat, entries } = setUp()
  app.messages.store.subscribe(failing)
  get(chat('m1'))
  expect(entries().map(({ state }) => state)).toEqual(['sent'])
  for (let i = 0; i < 100 && entries().length > 0; i += 1) {
    try {
      vi.advanceTimersByTime(200)
    } catch {
      // reported
    }
  }
  expect(entries()).toEqual([])
})

test('cursors and flights go on, whatever a listener does', () => {
  const { app } = setUp()
  const woken: string[] = []
  app.cursors.onWake(failing)
  app.cursors.onWake(() => woken.push('pointer'))
  app.camera.onMovedByHand(failing)
  app.camera.onMovedByHand(() => woken.push('hand'))
  app.cursors.wake()
  app.camera.pan(1, 1)
  expect(woken).toEqual(['pointer', 'hand'])
})

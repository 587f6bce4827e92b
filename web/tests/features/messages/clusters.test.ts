/* What is on the page, and what becomes one cluster. */
import { describe, expect, test } from 'vitest'
import { HOME } from '../../../src/features/canvas/model/camera'
import { gatherAll } from '../../../src/features/messages/model/gather'
import { isWithin, windowOf } from '../../../src/features/messages/model/window'

describe('clusters', () => {
  const one = (key: string, x: number, y: number) => ({ key, at: { x, y } })
  const crowd = Array.from({ length: 20 }, (_, i) => one(`m${i}`, 10 + i, 10))

  test('zoomed far out, messages that are close together form one cluster', () => {
    const { clusters, rest } = gatherAll([...crowd, one('alone', 9_000, 0)], 0.2)
    expect(clusters.reduce((sum, { members }) => sum + members.length, 0)).toBe(20)
    expect(rest.map(({ key }) => key)).toEqual(['alone'])
  })

  test('zoomed in, or when they are few, there are no clusters', () => {
    expect(gatherAll(crowd, 1).clusters).toEqual([])
    expect(gatherAll(crowd.slice(0, 2), 0.2).clusters).toEqual([])
  })
})

test('the window is larger than the view, and does not change while the view moves a little', () => {
  const view = { width: 1_000, height: 700 }
  const window = windowOf(HOME, view)
  expect(windowOf({ ...HOME, x: 100 }, view)).toEqual(window)
  for (let x = -5_000; x < 5_000; x += 77) {
    const moved = windowOf({ ...HOME, x }, view)
    expect(isWithin(moved, { x: x - 500 - 420, y: 0 })).toBe(true)
    expect(isWithin(moved, { x: x + 500, y: 350 })).toBe(true)
    expect(isWithin(moved, { x: x + 3_000, y: 0 })).toBe(false)
  }
})

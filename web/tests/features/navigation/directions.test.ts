/* Directions: the next one that way, and where something is for those who listen. */
import { describe, expect, test } from 'vitest'
import {
  ARROWS,
  bearingOf,
  nextOf,
  type Way,
} from '../../../src/features/navigation/model/directions'

const at = (x: number, y: number) => ({ x, y })
const way = (key: string) => ARROWS[key] as Way

describe('the next one', () => {
  const middle = at(0, 0)

  test('lies that way, and is the nearest there', () => {
    const all = [at(-10, 0), at(100, 0), at(40, 5), at(0, 30), at(0, -30)]
    expect(nextOf(middle, way('ArrowRight'), all)).toEqual(at(40, 5))
    expect(nextOf(middle, way('ArrowLeft'), all)).toEqual(at(-10, 0))
    expect(nextOf(middle, way('ArrowDown'), all)).toEqual(at(0, 30))
    expect(nextOf(middle, way('ArrowUp'), all)).toEqual(at(0, -30))
  })

  test('is rather straight ahead than near and aside', () => {
    expect(nextOf(middle, way('ArrowRight'), [at(10, 90), at(120, 0)])).toEqual(at(120, 0))
  })

  test('is nobody where there is none, nor oneself', () => {
    expect(nextOf(middle, way('ArrowRight'), [middle, at(0, 50), at(-5, 0)])).toBeUndefined()
  })

  test('from each, some way leads on: nothing that hangs cannot be reached', () => {
    const all = Array.from({ length: 60 }, (_, i) => at((i * 7919) % 997, (i * 104_729) % 701))
    const seen = new Set([all[0]])
    for (const here of seen) {
      if (!here) continue
      for (const key of Object.keys(ARROWS)) {
        const next = nextOf(here, way(key), all)
        if (next) seen.add(next)
      }
    }
    expect(seen.size).toBe(all.length)
  })
})

describe('bearings', () => {
  const view = { width: 1000, height: 700 }
  const told = (x: number, y: number, zoom = 1) => bearingOf({ x: 0, y: 0, zoom }, view, at(x, y))

  test('what can be seen is nowhere else', () => {
    expect(told(400, 300)).toEqual({ way: [0, 0], far: false })
    expect(told(4_000, 300, 0.1)).toEqual({ way: [0, 0], far: false })
  })

  test('eight of them, and far ones', () => {
    expect(told(700, 0)).toEqual({ way: [1, 0], far: false })
    expect(told(-700, 0).way).toEqual([-1, 0])
    expect(told(50, -500).way).toEqual([0, -1])
    expect(told(600, 600).way).toEqual([1, 1])
    expect(told(-600, 600).way).toEqual([-1, 1])
    expect(told(0, -9_000)).toEqual({ way: [0, -1], far: true })
  })
})

/*
 * Landmarks: as the server tells them, and their names on the plane (W115).
 */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { isTaken, namedAt } from '../../../src/features/landmarks/model/landmarks'
import { cleanName } from '../../../src/features/channel/model/names'
import { readFrame } from '@asocial/client/core/frames'
import { setUp } from '../../support/visitor'

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})

const at = (name: string, x: number, y = 0) => ({ name, position: { x, y } })
const rules = { owner: '', slow_ms: 0, read_only: false, private: false }

describe('landmarks', () => {
  it('are those of the newest snapshot or event, and none if it has none', () => {
    const { app, get, receive, sync } = setUp()
    const told = () => app.session.store.getState().rules.landmarks
    expect(told()).toEqual([])
    get({ type: 'channel_updated', ...rules, landmarks: [at('fire', 1)] })
    expect(told()).toEqual([at('fire', 1)])
    const mine = { rights: 'write', yours: false } as const
    receive(sync({ rules: { ...rules, ...mine, landmarks: [at('stage', 2)] } }), true)
    expect(told()).toEqual([at('stage', 2)])
    receive(sync({ rules: { ...rules, ...mine } }), true)
    expect(told()).toEqual([])
    get({ type: 'channel_updated', ...rules, landmarks: [at('fire', 1)] })
    get({ type: 'channel_updated', ...rules })
    expect(told()).toEqual([])
  })

  it('are not believed when they are no landmarks', () => {
    const frame = (landmarks: unknown) =>
      JSON.stringify({ type: 'channel_updated', ...rules, landmarks })
    expect(readFrame(frame([at('fire', 1)]))).toBeDefined()
    for (const wrong of [7, {}, [7], [{ name: 'fire' }], [{ name: 7, position: { x: 1, y: 1 } }]]) {
      expect(readFrame(frame(wrong)), JSON.stringify(wrong)).toBeUndefined()
    }
  })

  it('have names without regard to case', () => {
    const all = [at('Fire', 0), at('café', 1)]
    expect(isTaken(all, 'FIRE')).toBe(true)
    expect(isTaken(all, 'cafe\u0301')).toBe(true)
    expect(isTaken(all, 'fire', 'Fire')).toBe(false)
    expect(isTaken(all, 'stage')).toBe(false)
  })

  it('may be named with forty characters', () => {
    expect(cleanName('x'.repeat(50), 40)).toHaveLength(40)
    expect(cleanName('x'.repeat(50))).toHaveLength(32)
  })
})

describe('on the plane', () => {
  it('a name that would cover an earlier one is left out until there is room', () => {
    const all = [at('fire', 0), at('stage', 40), at('below', 0, 30)]
    expect([...namedAt(all, 1)]).toEqual(['fire', 'below'])
    expect([...namedAt(all, 2)]).toEqual(['fire', 'stage', 'below'])
    expect([...namedAt(all, 0.1)]).toEqual(['fire'])
  })
})

import { describe, expect, it } from 'vitest'
import {
  chimeOf,
  newMessages,
  sparing,
  titleOf,
  toneOf,
} from '../../../src/features/notifications/model/tones'
import { setUp } from '../../support/visitor'
import { driftsOf } from '../../../src/features/reactions/model/burst'
import { reactionOf } from '../../../src/features/reactions/model/digits'

const VIEW = { width: 1000, height: 700 }
const HERE = { x: 0, y: 0, zoom: 1 }

describe('new messages', () => {
  it('are those of others, each once: no drafts, none of ours', () => {
    const { app, get, chat, write } = setUp()
    const heard: string[] = []
    app.messages.store.subscribe((now, before) => {
      heard.push(
        ...newMessages(before.messages.entries, now.messages.entries).map(
          ({ messageId }) => messageId,
        ),
      )
    })
    const at = { x: 0, y: 0 }
    get({ type: 'typing', message_id: 'm1', user_id: 'mira', payload: 'h', position: at })
    expect(heard).toEqual([])
    get(chat('m1'))
    get(chat('m1'))
    write('mine')
    app.messages.send({ x: 0, y: 0 })
    get(chat('m2', 'me'))
    get(chat('m3'))
    expect(heard).toEqual(['m1', 'm3'])
  })
})

describe('a tone', () => {
  it('is full in view, fainter further off, and none far away', () => {
    const volumes = [0, 400, 900, 1600, 2400].map(
      (x) => toneOf(HERE, VIEW, { x, y: 0 }, 'a')?.volume,
    )
    expect(volumes[0]).toBe(1)
    expect(volumes[1]).toBe(1)
    expect(volumes).toEqual([...volumes].sort((a, b) => (b ?? 0) - (a ?? 0)))
    expect(new Set(volumes).size).toBe(4)
    expect(toneOf(HERE, VIEW, { x: 2600, y: 0 }, 'a')).toBeUndefined()
    // What is far at this zoom is near from higher up.
    expect(toneOf({ ...HERE, zoom: 0.2 }, VIEW, { x: 2400, y: 0 }, 'a')?.volume).toBe(1)
  })

  it('comes from where the words are, never from one ear alone', () => {
    const pan = (x: number) => toneOf(HERE, VIEW, { x, y: 0 }, 'a')?.pan
    expect(pan(0)).toBe(0)
    expect(pan(-250)).toBeCloseTo(-0.3)
    expect(pan(2000)).toBe(0.6)
  })

  it('of a mention is two rising tones, as loud from any distance', () => {
    const [first, second] = chimeOf(HERE, VIEW, { x: 90_000, y: 0 })
    expect(first).toMatchObject({ pan: 0.6, after: 0 })
    expect(second?.hertz).toBeGreaterThan(first?.hertz ?? Infinity)
    expect(second?.after).toBeGreaterThan(0)
    expect(chimeOf(HERE, VIEW, { x: 0, y: 0 }).map(({ volume }) => volume)).toEqual([
      first?.volume,
      second?.volume,
    ])
  })

  it('is the same for the same person', () => {
    const hertz = (id: string) => toneOf(HERE, VIEW, { x: 0, y: 0 }, id)?.hertz
    expect(hertz('ann')).toBe(hertz('ann'))
    expect(new Set([...'abcdefgh'].map(hertz)).size).toBe(5)
  })

  it('sounds a few times a second at most', () => {
    const may = sparing(3, 1000)
    expect([0, 1, 2, 3, 999].map(may)).toEqual([true, true, true, false, false])
    expect([1000, 1001, 1002, 1003].map(may)).toEqual([true, true, true, false])
  })
})

describe('the title', () => {
  it('says how many messages were not seen', () => {
    expect(titleOf('garden', 0)).toBe('garden · Asocial')
    expect(titleOf('garden', 3)).toBe('(3) garden · Asocial')
    expect(titleOf('garden', 100)).toBe('(99+) garden · Asocial')
  })
})

describe('reactions', () => {
  it('have the digits 1 to 6', () => {
    expect(['1', '2', '3', '4', '5', '6'].map(reactionOf)).toEqual([
      ...['heart', 'spark', 'laugh', 'wave', 'agree', 'question'],
    ])
    for (const key of ['0', '7', 'a', '12', 'F1', '']) expect(reactionOf(key)).toBeUndefined()
  })

  it('drift upwards and apart, the same each time, and are over when the reaction is', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const [main, ...around] = driftsOf(seed, 2500)
      expect(driftsOf(seed, 2500)).toEqual([main, ...around])
      expect(main?.dy).toBeLessThan(-60)
      expect(Math.abs(main?.dx ?? 99)).toBeLessThanOrEqual(18)
      for (const { dx, dy, delay, lasts } of around) {
        expect(Math.hypot(dx, dy)).toBeLessThan(80)
        expect(dy).toBeLessThan(10)
        expect(delay + lasts).toBeLessThanOrEqual(2500)
      }
      const sides = around.map(({ dx }) => Math.sign(Math.round(dx)))
      expect(sides).toContain(-1)
      expect(sides).toContain(1)
    }
    expect(driftsOf(1, 2500)).not.toEqual(driftsOf(2, 2500))
  })
})

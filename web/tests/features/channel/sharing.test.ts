import { describe, expect, test } from 'vitest'
import { addressOf, pathOf, readAsked, withSpot } from '../../../src/features/channel/model/address'
import { isChannel, routeOf } from '../../../src/features/channel/model/names'
import { fair, newName } from '../../../src/features/channel/model/naming'
import {
  agoOf,
  forget,
  isStarred,
  readVisits,
  RECENT_MAX,
  remember,
  shownName,
  star,
  STARRED_MAX,
  starredFirst,
  type Visit,
} from '../../../src/features/channel/model/recent'
import { readSpot } from '../../../src/features/canvas/model/spot'
import { createRecent } from '../../../src/features/channel/store/recent'

/** Of a sealed channel. */
const FRAGMENT = `garden.${'k'.repeat(48)}`

describe('a spot in a link', () => {
  test('what is written is read again', () => {
    for (const camera of [
      { x: 120, y: -40, zoom: 1 },
      { x: 0, y: 0, zoom: 0.1 },
      { x: -9_999_999, y: 10_000_000, zoom: 3.75 },
    ]) {
      expect(readSpot(withSpot('', camera))).toEqual(camera)
      expect(readSpot(withSpot(`#${FRAGMENT}`, camera))).toEqual(camera)
    }
    expect(withSpot('', { x: 119.6, y: -40.2, zoom: 1.23456 })).toBe('#120,-40,1.23')
    expect(withSpot('', { x: -0.3, y: 0, zoom: 1 })).toBe('#0,0,1')
  })

  test('the zoom may be missing; what others did to the link is forgiven', () => {
    const spot = { x: 120, y: -40, zoom: 1 }
    for (const hash of [
      '#120,-40',
      '#120,-40,1.',
      '#120%2C-40%2c1',
      '#120,-40,1)',
      '#+120,%20-40',
      '#120,-40,1&a=b',
    ]) {
      expect(readSpot(hash), hash).toEqual(spot)
    }
    expect(readSpot('#1.5,2.25,0.5')).toEqual({ x: 1.5, y: 2.25, zoom: 0.5 })
  })

  test('nothing leads out of the world, or out of what can be seen', () => {
    expect(readSpot('#99999999999,-99999999999,50')).toEqual({ x: 1e7, y: -1e7, zoom: 4 })
    expect(readSpot('#0,0,0')).toEqual({ x: 0, y: 0, zoom: 0.1 })
    expect(readSpot(`#${'9'.repeat(400)},0`)).toEqual({ x: 1e7, y: 0, zoom: 1 })
  })

  test('junk is no spot', () => {
    for (const hash of [
      '',
      '#',
      '#here',
      '#1',
      '#1;2',
      '#,1,2',
      '#NaN,1',
      '#Infinity,0',
      '#1e9,2',
      '#--1,2',
      '#%',
      '120,-40',
    ]) {
      expect(readSpot(hash), hash).toBeUndefined()
    }
  })
})

describe('addresses', () => {
  test('of a channel, and of a spot in it', () => {
    const garden = { channel: 'garden' }
    expect(addressOf('https://a.example', garden)).toBe('https://a.example/c/garden')
    expect(addressOf('https://a.example', garden, { x: 1, y: 2, zoom: 1 })).toBe(
      'https://a.example/c/garden#1,2,1',
    )
  })

  test('W190 of a sealed channel: the key is in the fragment, after a query and before a spot', () => {
    const sealed = { channel: 'sealed-id', fragment: FRAGMENT }
    expect(addressOf('https://a.example', sealed)).toBe(`https://a.example/s/#${FRAGMENT}`)
    expect(addressOf('https://a.example', sealed, { x: 1, y: 2, zoom: 1 })).toBe(
      `https://a.example/s/#${FRAGMENT}@1,2,1`,
    )
    expect(pathOf(sealed, '?invite=t')).toBe(`/s/?invite=t#${FRAGMENT}`)
    for (const raw of [
      `https://a.example/s/#${FRAGMENT}@1,2,1`,
      `a.example/s/#${FRAGMENT}@1,2,1`,
      `/s/?x=1#${FRAGMENT}@1,2,1`,
    ]) {
      expect(readAsked(raw), raw).toEqual({ kind: 'sealed', hash: `#${FRAGMENT}@1,2,1` })
    }
  })

  test('W190 of every sealed channel the path is the same', () => {
    for (const path of ['/s/', '/s', '/S//', '/s/).'])
      expect(routeOf(path).kind, path).toBe('sealed')
    expect(routeOf(`/s/%23${FRAGMENT}`)).toEqual({ kind: 'sealed', rest: `#${FRAGMENT}` })
    for (const path of ['/sw', '/c/s', '/c/s/']) expect(routeOf(path).kind, path).not.toBe('sealed')
  })

  test('a name is typed, or a link is pasted', () => {
    for (const raw of [
      'garden',
      '  garden\n',
      '/c/garden',
      'https://a.example/c/garden',
      'a.example/c/garden/',
      'http://localhost:8080/c/garden?x=1',
      'https://a.example/c/%67arden',
    ]) {
      expect(readAsked(raw), raw).toEqual({ kind: 'channel', channel: 'garden', hash: '' })
    }
    expect(readAsked('https://a.example/c/garden#1,2,1')).toMatchObject({ hash: '#1,2,1' })
    expect(readAsked('  ')).toEqual({ kind: 'nothing' })
  })

  test('what is no name comes with the nearest one', () => {
    const nearest = (raw: string) => {
      const asked = readAsked(raw)
      return asked.kind === 'invalid' ? asked.nearest : asked.kind
    }
    expect(nearest('my garden')).toBe('my-garden')
    expect(nearest('Müllers Gärten!')).toBe('Mullers-Garten')
    expect(nearest("mum's kitchen")).toBe('mums-kitchen')
    expect(nearest('a'.repeat(70))).toBe('a'.repeat(64))
    expect(nearest('庭')).toBeUndefined()
    expect(nearest('???')).toBeUndefined()
    expect(nearest('https://a.example/c/%E0%A4%A')).toBe('E0-A4-A')
  })
})

describe('new names', () => {
  test('are names, and hardly ever the same', () => {
    let seed = 7
    const random = () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0)
    const names = Array.from({ length: 2_000 }, () => newName(fair(random)))
    for (const name of names) {
      expect(isChannel(name), name).toBe(true)
      expect(name).toMatch(/^[a-z]+-[a-z]+-[2-9a-km-np-z]{5}$/)
    }
    expect(new Set(names).size).toBe(2_000)
  })

  test('every word and letter has the same chance', () => {
    expect(fair(() => 0)(64)).toBe(0)
    expect(fair(() => 2 ** 32 - 1)(64)).toBe(63)
    expect(fair(() => 2 ** 31)(64)).toBe(32)
    const lengths: number[] = []
    newName((n) => lengths.push(n) * 0)
    expect(lengths).toEqual([32, 32, 32, 32, 32, 64, 64])
  })
})

describe('channels of late', () => {
  test('newest first, each once, at most eight', () => {
    let visits = readVisits(undefined)
    for (let n = 0; n < 12; n += 1) visits = remember(visits, `c${n % 10}`, n)
    expect(visits).toHaveLength(RECENT_MAX)
    expect(visits[0]).toEqual({ channel: 'c1', at: 11 })
    expect(new Set(visits.map(({ channel }) => channel)).size).toBe(RECENT_MAX)
    expect(forget(visits, 'c1').map(({ channel }) => channel)).not.toContain('c1')
  })

  test('what was kept is not trusted', () => {
    for (const junk of [
      '',
      '{',
      '3',
      '{}',
      'null',
      '[1, null, "a"]',
      '[{"channel": "a b", "at": 1}]',
      '[{"channel": "a"}]',
    ]) {
      expect(readVisits(junk), junk).toEqual([])
    }
    const kept = '[{"channel":"a","at":2},{"channel":"a","at":1},{"channel":"b","at":1}]'
    expect(readVisits(kept)).toEqual([
      { channel: 'a', at: 2 },
      { channel: 'b', at: 1 },
    ])
  })

  test('how long ago, in the largest whole unit', () => {
    const HOUR = 3_600_000
    const ago = (ms: number) => agoOf(1_000_000_000_000, 1_000_000_000_000 + ms)
    expect(ago(59_000)).toEqual({ value: 0, unit: 'second' })
    expect(ago(-HOUR)).toEqual({ value: 0, unit: 'second' })
    expect(ago(60_000)).toEqual({ value: -1, unit: 'minute' })
    expect(ago(5.5 * HOUR)).toEqual({ value: -5, unit: 'hour' })
    expect(ago(47 * HOUR)).toEqual({ value: -1, unit: 'day' })
    expect(ago(24 * 20 * HOUR)).toEqual({ value: -2, unit: 'week' })
    expect(ago(24 * 800 * HOUR)).toEqual({ value: -2, unit: 'year' })
  })

  test('two tabs write one list, and what is forgotten stays so', () => {
    const kept = new Map<string, string>()
    const watching: ((value: string | undefined) => void)[] = []
    const keep = {
      read: (key: string) => kept.get(key),
      write: (key: string, value: string) => kept.set(key, value),
      watch: (_: string, changed: (value: string | undefined) => void) => watching.push(changed),
    }
    let now = 1
    const [one, two] = [createRecent(keep, () => now), createRecent(keep, () => now)]
    one.visit('garden')
    now = 2
    two.visit('kitchen')
    now = 3
    one.stay('garden')
    watching[1]?.(kept.get('recent'))
    expect(two.store.getState().visits).toEqual([
      { channel: 'garden', at: 3 },
      { channel: 'kitchen', at: 2 },
    ])
    two.forget('garden')
    one.stay('garden')
    expect(readVisits(kept.get('recent')).map(({ channel }) => channel)).toEqual(['kitchen'])
  })
})

describe('starred channels', () => {
  const visited = (n: number, from = 0) => {
    let visits: Visit[] = []
    for (let i = 0; i < n; i += 1) visits = remember(visits, `c${from + i}`, i)
    return visits
  }

  test('stay while others come and go, and come first', () => {
    let visits = star(visited(3), 'c0', true, 9)
    for (let n = 0; n < 20; n += 1) visits = remember(visits, `d${n}`, n)
    expect(visits).toHaveLength(RECENT_MAX + 1)
    expect(isStarred(visits, 'c0')).toBe(true)
    expect(starredFirst(visits)[0]).toEqual({ channel: 'c0', at: 0, starred: true })
    expect(isStarred(remember(visits, 'c0', 30), 'c0')).toBe(true)
    expect(isStarred(forget(visits, 'c0'), 'c0')).toBe(false)
  })

  test('a channel that was not visited can be starred; without its star it is one of the others', () => {
    const visits = star([], 'garden', true, 7)
    expect(visits).toEqual([{ channel: 'garden', at: 7, starred: true }])
    expect(star(visits, 'garden', false, 8)).toEqual([{ channel: 'garden', at: 7 }])
  })

  test('are stored, and only with a star that is one', () => {
    const visits = star(visited(2), 'c1', true, 9)
    expect(readVisits(JSON.stringify(visits))).toEqual(visits)
    expect(readVisits('[{"channel":"a","at":1,"starred":"yes"}]')).toEqual([
      { channel: 'a', at: 1 },
    ])
    const many = Array.from({ length: 40 }, (_, n) => ({ channel: `c${n}`, at: n, starred: true }))
    expect(readVisits(JSON.stringify(many))).toHaveLength(STARRED_MAX)
  })

  test('W190 a sealed channel that is kept has its link, stays as a starred one does, and is shown by its name', () => {
    let visits = remember([], 'sealed-id', 1, FRAGMENT)
    for (let n = 0; n < 20; n += 1) visits = remember(visits, `d${n}`, n)
    const [kept] = readVisits(JSON.stringify(visits)).slice(-1)
    expect(kept).toEqual({ channel: 'sealed-id', at: 1, fragment: FRAGMENT })
    expect(kept && shownName(kept)).toBe('garden')
    for (const on of [true, false]) {
      visits = star(remember(visits, 'sealed-id', 2), 'sealed-id', on, 3)
      expect(visits[0]?.fragment).toBe(FRAGMENT)
    }
    expect(readVisits('[{"channel":"a","at":1,"fragment":"x"}]')).toEqual([{ channel: 'a', at: 1 }])
  })

  test('are known to every part of the page at once', () => {
    const kept = new Map<string, string>()
    const storage = {
      read: (key: string) => kept.get(key),
      write: (key: string, value: string) => void kept.set(key, value),
      watch: () => undefined,
    }
    const [panel, watcher] = [createRecent(storage, () => 1), createRecent(storage, () => 1)]
    panel.star('garden', true)
    expect(watcher.isStarred('garden')).toBe(true)
    watcher.visit('garden')
    expect(panel.isStarred('garden')).toBe(true)
  })
})

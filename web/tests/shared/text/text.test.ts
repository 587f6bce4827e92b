import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { cleanName, initials, routeOf } from '../../../src/features/channel/model/names'
import { contrast, GROUND, ink, BACKDROP, PALETTE } from '../../../src/shared/palette'
import { codePoints, cutAt, firstGrapheme } from '../../../src/shared/text/graphemes'
import { clean, directionOf, finished } from '../../../src/shared/text/payload'
import { readFrame } from '@asocial/client/core/frames'
import { COLORS } from '@asocial/client/core/wire'

describe('payload', () => {
  test('W8: tabs become spaces, control characters go, line breaks stay', () => {
    expect(clean('a\tb\u0000c\u009fd\r\ne\rf\u007f', 500).text).toBe('a bcd\ne\nf')
  })

  test('W8: 500 code points, not UTF-16 units, and what was cut is told', () => {
    expect(clean('😀'.repeat(500), 500)).toEqual({ text: '😀'.repeat(500), cut: 0 })
    expect(clean('😀'.repeat(503), 500)).toEqual({ text: '😀'.repeat(500), cut: 3 })
    expect(codePoints('a😀')).toBe(2)
  })

  test('W8, W23: text that shows nothing is no message and no name', () => {
    const nothing =
      '\u3164 \uffa0 \u115f \u2800 \u034f \ufe0f \u17b4 \u180b \ufff0 \ue000 \ufffe \u00ad \u200b \u00a0'
    for (const text of [
      nothing,
      ...nothing.split(' '),
      '\u{e0100}',
      '\u{1ffff}',
      '\u{1d159}',
      '\u0301',
    ]) {
      expect(finished(text), escape(text)).toBe('')
      expect(cleanName(text), escape(text)).toBe('')
    }
    // U+1FAEF is not assigned in Unicode 16: a newer browser or server may know it.
    for (const text of ['a', '.', 'é', '한', '🦊', '👨‍👩‍👧', '\u2801', '\u3164x', '\u{1faef}']) {
      expect(finished(text)).toBe(text)
      expect(cleanName(text)).toBe(text)
    }
    expect(cleanName('\u3164'.repeat(32) + 'a'), 'the visible part is cut off').toBe('')
  })

  test('the server knows the default-ignorable code points that this engine knows', () => {
    const source = readFileSync('../src/asocial/domain/visible.py', 'utf8')
    const table = /DEFAULT_IGNORABLE = \(([^]*?)\n\)/.exec(source)?.[1] ?? ''
    const ranges = [...table.matchAll(/\(0x(\w+), 0x(\w+)\)/g)].map(([, first, last]) => [
      Number.parseInt(first!, 16),
      Number.parseInt(last!, 16),
    ])
    const found: number[][] = []
    for (let code = 0; code <= 0x10ffff; code++) {
      if (!/\p{Default_Ignorable_Code_Point}/u.test(String.fromCodePoint(code))) continue
      const open = found.at(-1)
      if (open?.[1] === code - 1) open[1] = code
      else found.push([code, code])
    }
    expect(ranges).toEqual(found)
  })

  const CLUSTERS = {
    family: '👨‍👩‍👧‍👦',
    flag: '🇩🇪',
    'flag of tags': '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
    'skin tone': '👍🏽',
    profession: '👩🏽‍💻',
    keycap: '1️⃣',
    'accented letter': 'e\u0301',
    'Devanagari syllable': 'नि',
    'Devanagari conjunct': 'क्षि',
    'Hangul of parts': '\u1112\u1161\u11ab',
    'Hangul with an ending': '\uac00\u11a8',
    'Thai vowel': 'กำ',
    'line break': '\r\n',
  }
  describe.each([
    ['with Intl.Segmenter', Intl],
    ['without it, as in Firefox before 125', {}],
  ])('%s', (_, intl) => {
    beforeEach(() => void vi.stubGlobal('Intl', intl))
    afterEach(() => void vi.unstubAllGlobals())

    test.each(Object.entries(CLUSTERS))('a %s is not cut', (_, cluster) => {
      const points = codePoints(cluster)
      for (let room = 0; room < points; room += 1) {
        const full = 'x'.repeat(20 - room)
        expect(cutAt(full + cluster + 'y', 20)).toBe(full)
      }
      const full = 'x'.repeat(20 - points)
      expect(cutAt(full + cluster + 'y', 20)).toBe(full + cluster)
      expect(firstGrapheme(cluster + 'y')).toBe(cluster)
    })

    test('the limit of a message, a name and initials keep them whole', () => {
      const { family } = CLUSTERS
      expect(clean('x'.repeat(496) + family, 500)).toEqual({ text: 'x'.repeat(496), cut: 7 })
      expect(clean(family.repeat(80), 500)).toEqual({ text: family.repeat(71), cut: 63 })
      expect(cleanName('a'.repeat(29) + family)).toBe('a'.repeat(29))
      expect(cleanName('a'.repeat(25) + family)).toBe('a'.repeat(25) + family)
      expect(initials(`${family} e\u0301va`)).toBe(`${family}E\u0301`)
    })

    test('flags are pairs from the first on', () => expect(cutAt('🇩🇪🇫🇷🇬🇧', 3)).toBe('🇩🇪'))

    test('a cluster that is longer than the limit is cut inside', () =>
      expect(cutAt('e' + '\u0903'.repeat(30), 20)).toBe('e' + '\u0903'.repeat(19)))
  })

  test('half an emoji is replaced', () => {
    expect(clean('a\ud83d', 500).text).toBe('a\ufffd')
  })

  test('keeps no overrides, and of a pile of marks the first eight', () => {
    expect(clean('a\u202eb\u202dc \u2067d\u2069', 500).text).toBe('abc \u2067d\u2069')
    expect(clean('Z' + '\u0301'.repeat(30) + 'a\u0323\u0302', 500).text).toBe(
      'Z' + '\u0301'.repeat(8) + 'a\u0323\u0302',
    )
    expect(cleanName('Z' + '\u0301'.repeat(9) + 'o')).toBe('Z' + '\u0301'.repeat(8) + 'o')
    const monogram = '\u0f67\u0f90\u0fb5\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82'
    expect(clean(monogram, 500).text).toBe(monogram)
  })

  test('white space alone is no message', () => {
    expect(finished(' \n ')).toBe('')
    expect(finished('  hi\n')).toBe('hi')
  })

  test('the direction is that of the first strong letter', () => {
    expect(directionOf('12: שלום')).toBe('rtl')
    expect(directionOf('ok مرحبا')).toBe('ltr')
    expect(directionOf('…')).toBe('ltr')
  })
})

describe('names', () => {
  test('the path names the channel, case kept', () => {
    for (const path of ['/', '/c', '/c/']) expect(routeOf(path)).toEqual({ kind: 'start' })
    expect(routeOf('/c/Garden_2-b/')).toMatchObject({ kind: 'channel', channel: 'Garden_2-b' })
    for (const path of ['//', '/.', '/)', '/%3E', '/c//', '/C', '/c.', '/c/)']) {
      expect(routeOf(path), path).toEqual({ kind: 'start' })
    }
    for (const path of [
      ...['/C/garden', '/c/garden/', '/c/garden//', '//c/garden', '/c//garden', '/c%2Fgarden'],
      ...[
        '/%63/garden',
        '/c/gar%64en',
        '/c/gar%2564en',
        '/c/garden%2F',
        '/c/garden%20',
        '/c/%20garden',
      ],
      ...[
        '/c/garden%0A',
        '/c/gar%0D%0Aden',
        '/c/garden.',
        '/c/garden).',
        '/c/garden,',
        '/c/garden%3E',
      ],
      ...[
        '/c/%3Cgarden%3E',
        '/c/garden%22',
        '/c/%E2%80%9Cgarden%E2%80%9D',
        '/c/garden%E2%80%A6',
        '/c/garden%C2%A0',
      ],
      ...[
        '/c/garden%E2%80%8B',
        '/c/gar%C2%ADden',
        "/c/garden'",
        '/c/garden]',
        '/c/garden*',
        '/c/garden;',
      ],
    ]) {
      expect(routeOf(path), path).toEqual({
        kind: 'channel',
        channel: 'garden',
        canonical: '/c/garden',
        rest: '',
      })
    }
    expect(routeOf('/c/garden%23120,-40,2')).toMatchObject({
      channel: 'garden',
      rest: '#120,-40,2',
    })
    expect(routeOf('/c/garden%3Finvite=a.b')).toMatchObject({
      channel: 'garden',
      rest: '?invite=a.b',
    })
    // Letters that a name may have are never taken away.
    for (const name of ['garden_', '-garden-', 'c', 'C', 'GARDEN']) {
      expect(routeOf(`/c/${name}`)).toMatchObject({ channel: name })
    }
    for (const path of [
      '/cat',
      '/garden',
      '/c/a b',
      '/c/gärten',
      '/c/a/b',
      '/x',
      '/c/%E0%A4%A',
      `/c/${'a'.repeat(65)}`,
    ]) {
      expect(routeOf(path).kind, path).toBe('invalid')
    }
  })

  test('W23: names are folded, at most 32, without overrides', () => {
    expect(cleanName('  Mira \n\t of  the\u202elake ')).toBe('Mira of the lake')
    expect([...cleanName('é'.repeat(40))]).toHaveLength(32)
    expect(cleanName(' \u200f ')).toBe('')
  })

  test('initials', () => {
    expect(initials('quiet heron')).toBe('QH')
    expect(initials('Mira')).toBe('M')
    expect(initials('😀 x')).toBe('😀X')
    expect(initials('')).toBe('?')
  })
})

describe('palette', () => {
  test('W23: all sixteen names', () => {
    expect(COLORS).toHaveLength(16)
  })

  for (const name of COLORS) {
    test(`${name} keeps 4.5:1 on both grounds, bare and misted`, () => {
      for (const ground of [GROUND, BACKDROP]) {
        expect(contrast(PALETTE[name].light, ground.light)).toBeGreaterThanOrEqual(4.5)
        expect(contrast(PALETTE[name].dark, ground.dark)).toBeGreaterThanOrEqual(4.5)
      }
    })
  }

  test('the contrast is that of WCAG', () => {
    expect(contrast('#000000', '#ffffff')).toBe(21)
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  })

  test('an unknown colour is plain ink', () => {
    expect(ink('toString')).toBe('var(--ink)')
    expect(ink(undefined)).toBe('var(--ink)')
  })

  const css = readFileSync(new URL('../../../src/app/style.css', import.meta.url), 'utf8')
  const pair = (name: string) =>
    new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css)?.slice(1) ??
    []

  test('the offline page has the colours of the others', () => {
    const offline = readFileSync(new URL('../../../offline/page.css', import.meta.url), 'utf8')
    const colors = [...offline.matchAll(/--\w+: light-dark\(.*\);/g)].map(([line]) => line)
    expect(colors).toHaveLength(5)
    for (const line of colors) expect(css).toContain(line)
  })

  test('the style sheet and the page have the same grounds', () => {
    expect(pair('ground')).toEqual([GROUND.light, GROUND.dark])
    expect(pair('backdrop')).toEqual([BACKDROP.light, BACKDROP.dark])
    const html = readFileSync(new URL('../../../index.html', import.meta.url), 'utf8')
    expect([...html.matchAll(/theme-color" content="(#\w+)"/g)].map((m) => m[1])).toEqual([
      GROUND.light,
      GROUND.dark,
    ])
  })

  for (const name of ['ink', 'faint']) {
    test(`--${name} keeps 4.5:1 too`, () => {
      const [light = '', dark = ''] = pair(name)
      for (const ground of [GROUND, BACKDROP]) {
        expect(contrast(light, ground.light)).toBeGreaterThanOrEqual(4.5)
        expect(contrast(dark, ground.dark)).toBeGreaterThanOrEqual(4.5)
      }
    })
  }
})

describe('wire', () => {
  test('an unknown frame is ignored', () => {
    for (const data of [
      'x',
      '[]',
      'null',
      '{}',
      '{"type":"weather"}',
      '{"type":"chat"}',
      '{"type":"cursors","cursors":[["a",1]]}',
      '{"type":"typing","message_id":"a","user_id":"b","payload":"c","position":{"x":1}}',
      new ArrayBuffer(2),
    ]) {
      expect(readFrame(data)).toBeUndefined()
    }
  })

  test('unknown fields do not matter (W7)', () => {
    expect(readFrame('{"type":"pong","t":1,"timestamp":2,"mood":3}')).toMatchObject({ t: 1 })
    expect(readFrame('{"type":"cursors","cursors":[["a",1,2,3]]}')).toBeDefined()
  })
})

import { describe, expect, test } from 'vitest'
import {
  chordOf,
  commandOf,
  isTyping,
  plainCommandOf,
  reactionDigit,
  type Press,
} from '../../../src/shared/keys/keys'

type Held = 'shift' | 'ctrl' | 'alt' | 'meta' | 'graph' | 'composing' | 'late'

/** `late`: the key that ended a composition, told after its end. */
function press(key: string, code: string, ...held: Held[]): Press {
  return {
    key,
    code,
    keyCode: held.includes('late') ? 229 : 0,
    ctrlKey: held.includes('ctrl'),
    shiftKey: held.includes('shift'),
    altKey: held.includes('alt'),
    metaKey: held.includes('meta'),
    isComposing: held.includes('composing'),
    getModifierState: (name) => name === 'AltGraph' && held.includes('graph'),
  }
}

const LETTERS = { r: 'KeyR', f: 'KeyF', m: 'KeyM' }

describe('letters as commands', () => {
  const LAYOUTS: Readonly<Record<string, string>> = {
    US: 'rfm',
    'Caps Lock': 'RFM',
    Arabic: 'قبة',
    Russian: 'каь',
    'Russian, Caps Lock': 'КАЬ',
    Greek: 'ρφμ',
    'Greek, Caps Lock': 'ΡΦΜ',
    Hebrew: 'רכצ',
    Persian: 'قبپ',
    Thai: 'พดท',
    Korean: 'ㄱㄹㅡ',
    Devanagari: 'ी्स',
    Georgian: 'რფმ',
    Armenian: 'րֆմ',
  }
  for (const [layout, keys] of Object.entries(LAYOUTS)) {
    test(`${layout}: by character where it is Latin, else by place`, () => {
      const found = [...keys].map((key, i) =>
        commandOf(press(key, Object.values(LETTERS)[i] ?? '')),
      )
      expect(found).toEqual(Object.keys(LETTERS))
    })
  }

  test('a layout with Latin letters elsewhere keeps its own', () => {
    expect(commandOf(press('r', 'KeyO')), 'Dvorak').toBe('r')
    expect(commandOf(press('p', 'KeyR')), 'Dvorak').toBe('p')
    expect(commandOf(press('m', 'Semicolon')), 'AZERTY').toBe('m')
    expect(commandOf(press(',', 'KeyM')), 'AZERTY').toBe(',')
    expect(commandOf(press('ı', 'KeyR')), 'Turkish F: it has an r elsewhere').toBe('')
    expect(commandOf(press('İ', 'KeyI', 'shift')), 'Turkish').toBe('')
  })
})

describe('signs and digits as commands', () => {
  const SIGNS: readonly (readonly [layout: string, key: string, code: string, command: string])[] =
    [
      ['US', '?', 'Slash', '?'],
      ['German', '?', 'Minus', '?'],
      ['Russian', '?', 'Digit7', '?'],
      ['Arabic', '؟', 'Slash', '?'],
      ['Arabic', '،', 'KeyK', ','],
      ['Arabic', '؛', 'KeyP', ';'],
      ['Greek', ';', 'KeyQ', ';'],
      ['Hebrew', '/', 'KeyQ', '/'],
      ['Dvorak', ',', 'KeyW', ','],
      ['Chinese', '？', 'Slash', '?'],
      ['US', '1', 'Digit1', '1'],
      ['French, with Shift', '1', 'Digit1', '1'],
      ['French', '&', 'Digit1', '&'],
      ['French', '²', 'Backquote', ''],
      ['Arabic', '١', 'Digit1', '1'],
      ['Persian', '۲', 'Digit2', '2'],
      ['Devanagari', '३', 'Numpad3', '3'],
      ['programmer Dvorak', '7', 'Digit2', '7'],
      ['number pad', '4', 'Numpad4', '4'],
    ]
  for (const [layout, key, code, command] of SIGNS) {
    test(`${layout}: ${key} is ${command || 'no command'}`, () =>
      expect(commandOf(press(key, code))).toBe(command))
  }

  test('named keys are their names, dead ones are nothing', () => {
    for (const key of ['Enter', 'Escape', 'ArrowUp', 'F1'])
      expect(commandOf(press(key, ''))).toBe(key)
    expect(commandOf(press('Dead', 'Quote'))).toBe('')
  })

  test('a digit pressed with Ctrl goes by its place, a sign by its character', () => {
    expect(chordOf(press('à', 'Digit0', 'ctrl')), 'AZERTY').toBe('0')
    expect(chordOf(press('-', 'Digit6', 'ctrl')), 'AZERTY').toBe('-')
    expect(chordOf(press('=', 'Digit0', 'ctrl', 'shift')), 'German').toBe('=')
    expect(chordOf(press('٠', 'Digit0', 'ctrl')), 'Arabic').toBe('0')
  })
})

describe('input methods', () => {
  test('no key of a composition is a command, or types', () => {
    for (const held of ['composing', 'late'] as const) {
      for (const key of ['Enter', 'Escape', 'ArrowDown', 'r', '?', '1', 'Process']) {
        expect(commandOf(press(key, 'KeyR', held)), key).toBe('')
        expect(isTyping(press(key, 'KeyR', held), false), key).toBe(false)
      }
    }
  })
})

describe('keys that type', () => {
  const TYPES: readonly (readonly [layout: string, mac: boolean, types: boolean, press: Press])[] =
    [
      ['US', false, true, press('a', 'KeyA')],
      ['US', true, true, press('a', 'KeyA')],
      ['Arabic, two letters', false, true, press('لا', 'KeyB')],
      ['US Mac, Option', true, true, press('™', 'Digit2', 'alt')],
      ['German Mac, Option', true, true, press('@', 'KeyL', 'alt')],
      ['Mac, Option with Ctrl', true, false, press('ß', 'KeyS', 'alt', 'ctrl')],
      ['German AltGr on Linux', false, true, press('@', 'KeyQ', 'graph')],
      ['German AltGr on Windows', false, true, press('@', 'KeyQ', 'ctrl', 'alt', 'graph')],
      ['German AltGr in older browsers', false, true, press('@', 'KeyQ', 'ctrl', 'alt')],
      ['Polish AltGr in older browsers', false, true, press('ą', 'KeyA', 'ctrl', 'alt')],
      ['Ctrl and Alt', false, false, press('t', 'KeyT', 'ctrl', 'alt')],
      ['Alt opens a menu', false, false, press('ф', 'KeyA', 'alt')],
      ['Ctrl', false, false, press('c', 'KeyC', 'ctrl')],
      ['Cmd', true, false, press('c', 'KeyC', 'meta')],
      ['Space', false, false, press(' ', 'Space')],
      ['a named key', false, false, press('F1', 'F1')],
      ['a dead key', false, false, press('Dead', 'Quote')],
    ]
  for (const [layout, mac, types, made] of TYPES) {
    test(`${layout}: ${made.key} ${types ? 'types' : 'does not'}`, () =>
      expect(isTyping(made, mac)).toBe(types))
  }

  test('a reaction is a digit of the row with Ctrl and Shift, which types nothing on any layout', () => {
    const LAYOUTS = {
      US: '!@#$%^',
      AZERTY: '123456',
      German: '!"§$%&',
      Arabic: '!@#$%^',
      Russian: '!"№;%:',
    }
    for (const [layout, row] of Object.entries(LAYOUTS)) {
      const found = [...row].map((key, i) => press(key, `Digit${i + 1}`, 'ctrl', 'shift'))
      expect(found.map(reactionDigit), layout).toEqual(['1', '2', '3', '4', '5', '6'])
      for (const mac of [false, true]) {
        expect(
          found.some((made) => isTyping(made, mac)),
          layout,
        ).toBe(false)
      }
    }
    for (const [why, key, code, held] of [
      ['alone', '2', 'Digit2', []],
      ['Alt types on a Mac', '™', 'Digit2', ['alt']],
      ['AltGr types', '²', 'Digit2', ['ctrl', 'alt']],
      ['AltGr types', '²', 'Digit2', ['ctrl', 'shift', 'graph']],
      ['a tab of the browser', '2', 'Digit2', ['ctrl']],
      ['the number pad', 'End', 'Numpad1', ['ctrl', 'shift']],
      ['Swiss: zoom', '+', 'Digit1', ['ctrl', 'shift']],
      ['an input method', '1', 'Digit1', ['ctrl', 'shift', 'composing']],
    ] as const) {
      expect(reactionDigit(press(key, code, ...held)), why).toBe('')
    }
  })

  test('Shift and AltGr belong to a key, Ctrl, Alt and Cmd make another of it', () => {
    expect(plainCommandOf(press('?', 'Slash', 'shift'))).toBe('?')
    for (const held of ['ctrl', 'alt', 'meta'] as const) {
      expect(plainCommandOf(press('r', 'KeyR', held))).toBe('')
    }
  })
})

import { describe, expect, test } from 'vitest'
import {
  DEFAULTS,
  readSettings,
  writeSettings,
} from '../../../src/features/settings/model/settings'
import { setUp } from '../../support/visitor'

describe('settings', () => {
  test('stored settings come back; only what was chosen is stored', () => {
    const chosen = { ...DEFAULTS, lifeFactor: 3, onMap: false }
    expect(writeSettings(chosen)).toBe('{"lifeFactor":3,"onMap":false}')
    expect(readSettings(writeSettings(chosen))).toEqual(chosen)
    expect(readSettings(undefined)).toEqual(DEFAULTS)
  })

  test.each([
    '',
    'null',
    '[]',
    '"stay"',
    '{',
    '{"lifeFactor":0.5,"showTyping":"no","hideCursors":1,"sound":{},"language":null}',
    '{"lifeFactor":11}',
    '{"theme":"blue"}',
    '{"theme":null,"mentions":1,"arrivals":"yes"}',
    '{"lifeFactor":"NaN"}',
    '{"__proto__":{"onMap":false},"toString":true}',
  ])('junk in storage is the default: %s', (text) => {
    expect(readSettings(text)).toEqual(DEFAULTS)
  })

  test('an invalid field does not affect the others', () => {
    expect(readSettings('{"lifeFactor":"stay","onMap":7,"later":true}')).toEqual({
      ...DEFAULTS,
      lifeFactor: 'stay',
    })
  })

  test('a change is stored, and one from another tab is applied', () => {
    const { app, kept, wroteElsewhere } = setUp()
    app.settings.set({ hideCursors: true })
    expect(kept.get('settings')).toBe('{"hideCursors":true}')
    wroteElsewhere('settings', '{"lifeFactor":2}')
    expect(app.settings.store.getState()).toEqual({ ...DEFAULTS, lifeFactor: 2 })
    const again = setUp([], kept)
    expect(again.app.settings.store.getState().lifeFactor).toBe(2)
  })
})

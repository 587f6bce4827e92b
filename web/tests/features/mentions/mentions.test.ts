/*
 * Who is mentioned in a text, and which names are offered while one is typed (W117).
 */
import { describe, expect, test } from 'vitest'
import {
  mentioned,
  mentions,
  queryOf,
  suggestions,
} from '../../../src/features/mentions/model/mentions'

const HERE = ['Ann', 'Ann Lee', 'bob', 'Łukasz Żółć', '田中', '민수', 'سارة علي', 'Zoë 🦊', 'a.b']
const found = (text: string, names = HERE) => [...mentioned(text, names)]

describe('W117: a mention', () => {
  test.each([
    ['@Ann hello', ['Ann']],
    ['hello @ann!', ['Ann']],
    ['(@BOB)', ['bob']],
    ['@bob, @Ann: listen', ['bob', 'Ann']],
    ['@Ann Lee hello', ['Ann Lee']],
    ['@Ann Leeds', ['Ann']],
    ['@Ann\nLee hello', ['Ann Lee']],
    ['@Ann\u00a0Lee', ['Ann Lee']],
    ['@Ann’s turn', ['Ann']],
    ['@łukasz żółć', ['Łukasz Żółć']],
    ['@Łukasz Żółć'.normalize('NFD'), ['Łukasz Żółć']],
    ['@田中さん、こんにちは', ['田中']],
    ['＠田中', ['田中']],
    ['@민수야', ['민수']],
    ['مرحبا @سارة علي', ['سارة علي']],
    ['@Zoë 🦊look', ['Zoë 🦊']],
    ['@a.b', ['a.b']],
    ['@@bob', ['bob']],
    ['@bob@Ann', ['bob']],
  ])('%s', (text, names) => {
    expect(found(text)).toEqual(names)
  })

  test.each([
    'Ann hello',
    '@ Ann',
    'mail ann@ann',
    'x@bob',
    '3@bob',
    '_@bob',
    '@Anna',
    '@Ann2',
    '@Ann_',
    '@bo',
    '@',
    '@nobody',
    '@Zoë',
    // another last letter: the accent belongs to it
    '@bob\u0301',
  ])('is not in: %s', (text) => {
    expect(found(text)).toEqual([])
  })

  test('of a name that is a part of another means the longer one', () => {
    expect(mentions('@Ann Lee', 'Ann', ['Ann Lee'])).toBe(false)
    expect(mentions('@Ann Lee', 'Ann Lee', ['Ann'])).toBe(true)
    expect(mentions('@Ann Lee', 'Ann', ['bob'])).toBe(true)
  })

  test('of a name that two have means both, whatever its case', () => {
    expect(mentions('@ann', 'Ann', ['ANN'])).toBe(true)
    expect(mentions('@ann', 'ANN', ['Ann'])).toBe(true)
  })

  test('never means somebody without a name', () => {
    expect(mentions('@', '', [])).toBe(false)
    expect(mentions('@Ann', '', ['Ann'])).toBe(false)
  })

  test('is found quickly in a long text among many names', () => {
    const names = Array.from({ length: 200 }, (_, n) => `a${' a'.repeat(14)}${n}`)
    const began = performance.now()
    mentioned('@a a a a a a '.repeat(38), names)
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})

describe('while a name is typed', () => {
  test.each([
    ['@', 1, { start: 1, text: '' }],
    ['hi @an', 6, { start: 4, text: 'an' }],
    ['hi @an more', 6, { start: 4, text: 'an' }],
    ['@Ann Le', 7, { start: 1, text: 'Ann Le' }],
    ['@a @b', 5, { start: 4, text: 'b' }],
    ['👩‍👩‍👧@b', 10, { start: 9, text: 'b' }],
  ])('%s at %i', (text, end, query) => {
    expect(queryOf(text, end)).toEqual(query)
  })

  test.each([
    ['hi', 2],
    ['mail@ex', 7],
    ['@ann\nlater', 10],
    [`@${'x'.repeat(33)}`, 34],
    ['@ann', 0],
  ])('no name: %s at %i', (text, end) => {
    expect(queryOf(text, end)).toBeUndefined()
  })

  const people = ['Mary Ann', 'Ann', 'anna', 'Bob', 'ann'].map((name, i) => ({
    user_id: `${i}`,
    name,
  }))
  const offered = (typed: string, most = 5) =>
    suggestions(typed, people, most).map(({ name }) => name)

  test('names that begin with it come before those with such a word, each name once', () => {
    expect(offered('an')).toEqual(['ann', 'anna', 'Mary Ann'])
    expect(offered('BO')).toEqual(['Bob'])
    expect(offered('lee')).toEqual([])
  })

  test('a whole name is not offered, longer ones are', () => {
    expect(offered('ann')).toEqual(['anna', 'Mary Ann'])
    expect(offered('bob')).toEqual([])
  })

  test('all are offered for the @ alone, up to a number', () => {
    expect(offered('')).toEqual(['ann', 'anna', 'Bob', 'Mary Ann'])
    expect(offered('', 2)).toHaveLength(2)
  })
})

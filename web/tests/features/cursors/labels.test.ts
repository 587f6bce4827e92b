import { expect, it } from 'vitest'
import { sideOf, SIDES } from '../../../src/features/cursors/model/labels'

const box = (left: number, top: number, width = 60, height = 20) => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
})
const AT = { x: 100, y: 100 }

it('a name lies below its pointer, and stays where it is while there is room', () => {
  expect(sideOf(AT, 50, [])).toBe('below')
  for (const side of SIDES) expect(sideOf(AT, 50, [], side)).toBe(side)
})

it('it steps aside for words, each time to where none are', () => {
  const below = box(105, 102)
  const above = box(105, 75)
  const before = box(35, 102)
  expect(sideOf(AT, 50, [below])).toBe('above')
  expect(sideOf(AT, 50, [below, above])).toBe('below-before')
  expect(sideOf(AT, 50, [below, above, before])).toBe('above-before')
  expect(sideOf(AT, 50, [above], 'above')).toBe('below')
})

it('it is not shown where words are all around, or its pointer on them', () => {
  expect(sideOf(AT, 50, [box(0, 60, 300, 100)])).toBeUndefined()
})

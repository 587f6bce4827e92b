import { expect, it } from 'vitest'
import { meet } from '../../../src/features/canvas/model/boxes'
import {
  isNamed,
  labelAt,
  shownNames,
  sideOf,
  SIDES,
  sidesOf,
  stepOff,
  type Side,
} from '../../../src/features/cursors/model/labels'

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

it('a pointer that rests on words is shown beside them, the nearest way', () => {
  expect(stepOff(AT, [])).toEqual({ dx: 0, dy: 0 })
  const { dx, dy } = stepOff(AT, [box(0, 85, 300)])
  expect(dx).toBe(0)
  expect(dy).toBeGreaterThan(5)
  expect(dy).toBeLessThan(20)
  // Words below those: up, then.
  expect(stepOff(AT, [box(0, 85, 300), box(0, 107, 300)]).dy).toBeLessThan(-15)
})

it('a name is not shown beside the same name above a message', () => {
  const words = [{ ...box(110, 90), nameOf: 'ann' }]
  expect(isNamed(AT, 'ann', words)).toBe(true)
  expect(isNamed(AT, 'bob', words)).toBe(false)
  expect(isNamed({ x: 700, y: 100 }, 'ann', words)).toBe(false)
})

it('of many pointers, no shown name lies on another, on a pointer or on words', () => {
  const pointer = (id: string, x: number, y: number) => ({ id, at: { x, y }, width: 60 })
  const near = [pointer('ann', 100, 100), pointer('bob', 110, 104), pointer('cy', 300, 100)]
  const none = new Set<string>()
  // Bob's dot lies on Ann's name, so Bob has his.
  expect(shownNames(near, [], none)).toEqual(new Set(['bob', 'cy']))
  const names = [pointer('ann', 100, 100), pointer('bob', 98, 108)]
  expect(shownNames(names, [], none)).toEqual(new Set(['ann']))
  expect(shownNames(names, [], new Set(['bob']))).toEqual(new Set(['bob']))
  expect(shownNames(near, [box(300, 100)], none)).toEqual(new Set(['bob']))
  expect(shownNames(near, [{ ...box(300, 60), nameOf: 'cy' }], none)).toEqual(new Set(['bob']))
})

it('of a few pointers, each name has the side that is free of the others and of their names', () => {
  const pointer = (id: string, x: number, y: number) => ({ id, at: { x, y }, width: 60 })
  const none = new Map<string, Side>()
  const near = [pointer('ann', 100, 100), pointer('bob', 130, 102)]
  expect(sidesOf(near, [], none)).toEqual(
    new Map([
      ['ann', 'above'],
      ['bob', 'below'],
    ]),
  )
  // Where all sides are taken, no name.
  const crowd = Array.from({ length: 9 }, (_, place) => pointer(`${place}`, 100 + place, 100))
  const sides = sidesOf(crowd, [], none)
  const labels = crowd.flatMap(({ id, at, width }) => {
    const side = sides.get(id)
    return side ? [{ id, box: labelAt(at, width, side) }] : []
  })
  expect(labels.length).toBeGreaterThan(1)
  for (const { id, box } of labels) {
    expect(labels.filter((other) => other.id !== id && meet(other.box, box))).toEqual([])
    expect(crowd.filter(({ id: other, at }) => other !== id && meet(dot(at), box))).toEqual([])
  }
  // Those that are shown stay.
  const reversed = sidesOf([...crowd].reverse(), [], sides)
  expect(new Set(reversed.keys())).toEqual(new Set(sides.keys()))
  expect(sidesOf(near, [{ ...box(100, 60), nameOf: 'ann' }], none)).toEqual(
    new Map([['bob', 'below']]),
  )
})

const dot = ({ x, y }: { x: number; y: number }) => box(x - 6, y - 6, 12, 12)

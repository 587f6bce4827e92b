/* Hands on the plane: a press, a carry, a pinch, and what happens between them. */
import { describe, expect, test } from 'vitest'
import { carry, NO_GRIP, press, release } from '../../../src/features/canvas/model/gestures'

const one = press(NO_GRIP, 1, { x: 100, y: 100 }, 1)
const two = press(one, 2, { x: 200, y: 100 }, 0.5)

describe('one pointer', () => {
  test('moves nothing until it moves further than a click may', () => {
    const still = carry(one, 1, { x: 102, y: 103 })
    expect(still.by).toBeUndefined()
    expect(still.grip.moving).toBe(false)
  })

  test('then drags the canvas from where it was pressed', () => {
    const begun = carry(one, 1, { x: 110, y: 95 })
    expect(begun.by).toEqual({ dx: 10, dy: -5, at: { x: 110, y: 95 }, zoom: undefined })
    const on = carry(begun.grip, 1, { x: 111, y: 95 })
    expect(on.by).toMatchObject({ dx: 1, dy: 0 })
  })

  test('does nothing before it is pressed, nor after it is released', () => {
    expect(carry(NO_GRIP, 1, { x: 500, y: 500 }).by).toBeUndefined()
    expect(carry(release(one, 1, 1), 1, { x: 500, y: 500 }).by).toBeUndefined()
    expect(release(one, 7, 1)).toBe(one)
  })
})

describe('two pointers', () => {
  test('are a movement from the start: lifting them is no click', () => {
    expect(two.moving).toBe(true)
  })

  test('zoom by their spread, from the zoom they met at, around their middle', () => {
    const apart = carry(two, 2, { x: 300, y: 100 })
    expect(apart.by).toEqual({ dx: 50, dy: 0, at: { x: 200, y: 100 }, zoom: 1 })
    // As far apart as they began: the zoom they began with, whatever limit was met in between.
    const back = carry(carry(apart.grip, 2, { x: 9000, y: 100 }).grip, 2, { x: 200, y: 100 })
    expect(back.by?.zoom).toBe(0.5)
  })

  test('a third changes nothing', () => {
    const three = press(two, 3, { x: 700, y: 700 }, 0.5)
    expect(three).toMatchObject({ middle: two.middle, spread: two.spread })
    expect(carry(three, 3, { x: 800, y: 800 }).by).toMatchObject({ dx: 0, dy: 0, zoom: 0.5 })
  })

  test('the one that stays drags on, without a jump', () => {
    const left = release(two, 1, 0.5)
    expect(left).toMatchObject({ middle: { x: 200, y: 100 }, moving: true })
    expect(carry(left, 2, { x: 201, y: 100 }).by).toEqual({
      ...{ dx: 1, dy: 0, at: { x: 201, y: 100 }, zoom: undefined },
    })
    expect(release(left, 2, 0.5).moving).toBe(false)
  })

  test('in one point they have no distance, and do not zoom', () => {
    const met = press(one, 2, { x: 100, y: 100 }, 1)
    expect(carry(met, 2, { x: 150, y: 100 }).by?.zoom).toBeUndefined()
  })
})

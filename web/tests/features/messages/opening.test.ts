/* Where a caret opens. */
import { expect, test } from 'vitest'
import { openingAt, type TextBox } from '../../../src/features/messages/model/opening'

const VIEW = { left: 0, top: 0, right: 1_000, bottom: 700 }
const text = (left: number, top: number, width = 200, height = 28, mine = false): TextBox => ({
  ...{ left, top, right: left + width, bottom: top + height, mine },
})

test('with room around it, at the point that was touched', () => {
  const at = { x: 300, y: 300 }
  expect(openingAt(at, [], VIEW)).toBe(at)
  expect(openingAt(at, [text(300, 400), text(560, 286)], VIEW)).toBe(at)
})

test('with little room before other text, below it', () => {
  const at = { x: 300, y: 300 }
  expect(openingAt(at, [text(500, 286)], VIEW).y).toBeGreaterThan(340)
})

test('on a message or left of it, in the nearest free place below', () => {
  for (const x of [300, 350, 200]) {
    const { x: left, y } = openingAt({ x, y: 300 }, [text(300, 286)], VIEW)
    expect(left).toBe(x)
    expect(y).toBeGreaterThan(286 + 28 + 14)
    expect(y).toBeLessThan(286 + 28 + 14 + 24)
  }
})

test('between two lines of ours there is no room for a name', () => {
  const at = { x: 300, y: 300 }
  const { y } = openingAt(at, [text(300, 286, 200, 28, true)], VIEW)
  expect(y).toBeLessThan(286 + 28 + 14 + 8)
})

test('above, where below is taken or out of view, and never out of view', () => {
  const wall = text(0, 314, 1_000, 380)
  expect(openingAt({ x: 300, y: 300 }, [text(300, 286), wall], VIEW).y).toBeLessThan(286)
  expect(openingAt({ x: 300, y: 690 }, [text(250, 670, 700)], VIEW).y).toBeLessThan(670)
  const full = { x: 300, y: 300 }
  expect(openingAt(full, [text(-500, -500, 3_000, 3_000)], VIEW)).toBe(full)
})

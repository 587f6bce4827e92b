/* The size of text, estimated. What a browser makes of it: tests/browser/test_layout.py. */
import { expect, test } from 'vitest'
import { LINE_PX } from '../../../src/features/messages/model/place'
import { textSize } from '../../../src/features/messages/model/text-size'

test('lines break between words, and where one was broken by hand', () => {
  const words = 'one two three four five six seven eight'
  expect(textSize('one', 420).height).toBe(LINE_PX)
  expect(textSize('one\ntwo', 420).height).toBe(2 * LINE_PX)
  const { width, height, broken } = textSize(words, 200)
  expect([width, broken]).toEqual([200, false])
  expect(height).toBeGreaterThan(LINE_PX)
  expect(textSize(words, 120).height).toBeGreaterThan(height)
})

test('a word that is longer than a line is broken', () => {
  expect(textSize('m'.repeat(60), 420)).toMatchObject({ width: 420, broken: true })
  expect(textSize('m'.repeat(60), 420).height).toBeGreaterThan(2 * LINE_PX)
})

test('Chinese breaks anywhere, and marks take no width', () => {
  expect(textSize('字'.repeat(30), 420)).toMatchObject({ height: 2 * LINE_PX, broken: false })
  expect(textSize('e\u0301', 420).width).toBe(textSize('e', 420).width)
})

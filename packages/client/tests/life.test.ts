import { expect, test } from 'vitest'
import { DEFAULT_TTL } from '../src/core/frames.ts'
import { lifeOf } from '../src/core/life.ts'

test('W12: a message lives by its length, to a limit', () => {
  expect(lifeOf(DEFAULT_TTL, 5)).toBe(5_000)
  expect(lifeOf(DEFAULT_TTL, 60)).toBe(5_000)
  expect(lifeOf(DEFAULT_TTL, 100)).toBe(7_000)
  expect(lifeOf(DEFAULT_TTL, 500)).toBe(12_000)
})

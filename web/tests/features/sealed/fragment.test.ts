/*
 * W190: the end of a link to a sealed channel, as it arrives.
 */
import { describe, expect, test } from 'vitest'
import { hasKey, keyPart } from '../../../src/features/sealed/model/fragment'

const LINK = `garden.${'k'.repeat(48)}`

describe('the end of a link', () => {
  test('is read without the spot, and without what mails and sentences do to it', () => {
    for (const hash of [
      `#${LINK}`,
      `#${LINK}@120,-40,1`,
      `#${LINK}%40120,-40,1`,
      `#${LINK.replace('.', '%2E')}`,
      `#${LINK}).`,
      `#${LINK}”`,
    ]) {
      expect(keyPart(hash), hash).toBe(LINK)
    }
    expect([keyPart(''), keyPart('#'), keyPart('#@1,2')]).toEqual(['', '', ''])
  })

  test('in a path, a key was seen by the server', () => {
    expect(hasKey(`#${LINK}`)).toBe(true)
    expect(hasKey('garden.html')).toBe(false)
  })
})

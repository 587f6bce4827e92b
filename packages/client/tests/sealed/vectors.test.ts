/*
 * The vectors in tests/vectors/sealed.json, which the Python client passes too (W190, W191, W195).
 */
import { describe, expect, it } from 'vitest'
import vectors from '../../../../tests/vectors/sealed.json'
import { open, seal, type Place } from '../../src/sealed/box.ts'
import {
  derive,
  fragmentOf,
  fromBase64,
  keysOf,
  LinkDamaged,
  newLink,
  readLink,
  toBase64,
} from '../../src/sealed/link.ts'

const bytes = (text: string) => fromBase64(text) ?? new Uint8Array()
const garden = async () => keysOf(await readLink(vectors.links[0]?.fragment ?? ''))

describe('sealed links', () => {
  it.each(vectors.links)('W190 W191 give the same channel and key: $name', async (vector) => {
    const link = await readLink(`#${vector.fragment}@120,-40,1`)
    expect([link.name, toBase64(link.secret)]).toEqual([vector.name, vector.secret])
    expect(await fragmentOf(link)).toBe(vector.fragment)
    expect((await keysOf(link)).channel).toBe(vector.channel)
    expect(toBase64(await derive(link, 'key'))).toBe(vector.key)
  })

  it.each(vectors.damaged_links)('W190 a damaged link says so: %s', async (fragment) => {
    await expect(readLink(fragment)).rejects.toThrow(LinkDamaged)
  })

  it('W190 new links differ', async () => {
    const [one, two] = [newLink('garden'), newLink('garden')]
    expect(await fragmentOf(one)).not.toBe(await fragmentOf(two))
    expect(await readLink(await fragmentOf(one))).toEqual(one)
  })
})

describe('boxes', () => {
  it.each(vectors.boxes)('W195 are made and opened the same: $kind', async (vector) => {
    const { channel, key } = await garden()
    const { user_id: userId, kind, message_id: messageId, direction, counter, content } = vector
    const place = { channel, userId, kind, messageId, direction } as Place
    const stream = bytes(vectors.stream)
    expect(await seal(key, place, stream, counter, content, bytes(vector.nonce))).toBe(vector.box)
    expect(await open(key, place, vector.box)).toEqual({ stream: vectors.stream, counter, content })
    for (const other of [
      { userId: 'g-eve' },
      { kind: 'other' },
      { messageId: 'm9' },
      { channel: 'elsewhere' },
      { direction: direction === 'rules' ? 'members' : 'rules' } as const,
    ]) {
      expect(await open(key, { ...place, ...other }, vector.box)).toBeUndefined()
    }
    expect(await open(key, place, vector.box.slice(0, -4))).toBeUndefined()
  })
})

/*
 * Two people and what somebody between them can try (W193 to W199). The Python client's tests have the whole table.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Fields } from '../../src/sealed/content.ts'
import { open, seal } from '../../src/sealed/box.ts'
import { fromBase64, keysOf, toBase64, type SealedKeys } from '../../src/sealed/link.ts'
import { LATE_MS } from '../../src/sealed/replay.ts'
import { NAMELESS, Translator } from '../../src/sealed/translator.ts'

const NOW = 1_700_000_000_000
const AT = { position: { x: 1, y: 2 } }
const CHAT = { type: 'chat', message_id: 'm1', payload: 'hello', ...AT }
const FRAMES: Fields[] = [
  CHAT,
  { type: 'typing', message_id: 'm1', payload: 'he', ...AT },
  {
    type: 'stroke',
    message_id: 's1',
    points: [
      [0, 0],
      [1, 1.5],
    ],
    done: true,
  },
  { type: 'stroke', message_id: 's1', points: [[0, 0]] },
  { type: 'cursor', ...AT },
  { type: 'reaction', kind: 'heart', ...AT },
  { type: 'view', width: 10, height: 20, ...AT },
  { type: 'profile', name: 'Ann', color: 'teal' },
]
const TIMES = { timestamp: NOW, expires_at: NOW + 5000 }

const keys = (name = 'garden') => keysOf({ name, secret: new Uint8Array(32).fill(7) })

function sync(userId: string, timestamp = NOW, ...others: string[]): Fields {
  const users = [userId, ...others].map((user_id) => ({ user_id, name: 'Server', color: 'teal' }))
  return { type: 'user_sync', user_id: userId, timestamp, users, messages: [], limits: {} }
}

async function person(userId: string, sealedKeys: SealedKeys, timestamp = NOW) {
  const translator = new Translator(sealedKeys, () => 0)
  translator.profile = { name: userId, color: 'rust' }
  await translator.incoming(sync(userId, timestamp, 'ann'))
  return {
    translator,
    hears: (frame: Fields) => translator.incoming(frame),
    async send(frame: Fields): Promise<Fields> {
      const sealed = await translator.outgoing(frame)
      const lives = sealed?.kind === 'chat' || sealed?.kind === 'stroke'
      return { ...sealed, user_id: userId, ...(lives && TIMES) }
    },
  }
}

let ann: Awaited<ReturnType<typeof person>>
let bob: typeof ann
beforeEach(async () => {
  ann = await person('ann', await keys())
  bob = await person('bob', await keys())
})

describe('a sealed channel', () => {
  it.each(FRAMES)('W193 $type arrives as it was sent', async (frame) => {
    const sent = await ann.send(frame)
    expect(JSON.stringify(sent)).not.toContain('hello')
    const heard = await bob.hears(sent)
    const { done, ...content } = frame
    const expected =
      frame.type === 'cursor'
        ? { type: 'cursors', cursors: [['ann', 1, 2]] }
        : frame.type === 'profile'
          ? { type: 'profiles', users: [expect.objectContaining({ name: 'Ann', color: 'teal' })] }
          : { ...content, ...(done ? TIMES : {}), user_id: 'ann' }
    expect(heard).toMatchObject(expected)
    expect(bob.translator.dropped).toBe(0)
  })

  it.each(FRAMES)('W199 drops a $type that was moved to another place', async (frame) => {
    const sent = await ann.send(frame)
    expect(await bob.hears({ ...sent, user_id: 'eve' })).toBeUndefined()
    expect(await bob.hears({ ...sent, message_id: 'm9' })).toBeUndefined()
    expect(await bob.hears({ ...sent, box: String(sent.box).slice(0, -86) })).toBeUndefined()
    const stranger = await person('bob', await keys('kitchen'))
    expect(await stranger.hears(sent)).toBeUndefined()
    expect(bob.translator.dropped + stranger.translator.dropped).toBe(4)
  })

  it('W199 drops what was replayed and what comes in the wrong order', async () => {
    const [first, second] = [
      await ann.send({ type: 'cursor', ...AT }),
      await ann.send({ type: 'cursor', ...AT }),
    ]
    expect(await bob.hears(second)).toBeDefined()
    expect(await bob.hears(first)).toBeUndefined()
    expect(await bob.hears(second)).toBeUndefined()
    const chat = await ann.send(CHAT)
    expect(await bob.hears(chat)).toBeDefined()
    expect(await bob.hears(chat)).toBeDefined()
    expect(await bob.hears({ ...chat, timestamp: NOW + 1 })).toBeUndefined()
    expect(await bob.hears(await ann.send({ ...CHAT, payload: 'other' }))).toBeUndefined()
  })

  it('W199 drops a box under another kind, and one for another direction', async () => {
    const swapped: Fields = { chat: 'stroke', stroke: 'chat', typing: 'drawing', cursor: 'view' }
    for (const frame of [
      CHAT,
      { type: 'typing', message_id: 'm1', payload: 'he', ...AT },
      { type: 'cursor', ...AT },
    ]) {
      const sent = await ann.send(frame)
      expect(await bob.hears({ ...sent, kind: swapped[String(sent.kind)] })).toBeUndefined()
    }
    const { key, channel } = await keys()
    const place = { channel, userId: '', kind: 'landmark', messageId: 'l1' }
    const content = JSON.stringify({ name: 'fire', ...AT, at: NOW })
    for (const direction of ['members', 'rules'] as const) {
      const box = await seal(key, { ...place, direction }, new Uint8Array(8), 1, content)
      const heard = await bob.hears({ type: 'channel_updated', landmarks: [{ name: 'l1', box }] })
      expect(heard?.landmarks).toHaveLength(direction === 'rules' ? 1 : 0)
    }
  })

  it('W199 W195 notices a changed bit in every byte, and a box that is cut anywhere', async () => {
    const { key, channel } = await keys()
    const place = {
      channel,
      userId: 'ann',
      kind: 'cursor',
      messageId: '',
      direction: 'members',
    } as const
    const box = await seal(key, place, new Uint8Array(8), 1, '{}')
    expect(await open(key, place, box)).toBeDefined()
    const bytes = fromBase64(box) ?? new Uint8Array()
    for (let bit = 0; bit < bytes.length * 8; bit += 9) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await open(key, place, toBase64(changed)), `bit ${bit}`).toBeUndefined()
    }
    for (let end = 0; end < bytes.length; end += 5) {
      expect(await open(key, place, toBase64(bytes.slice(0, end))), `${end} bytes`).toBeUndefined()
    }
  })

  it('W195 no two boxes have the same nonce, and a length is a step of 64 bytes', async () => {
    const nonces = new Set<string>()
    for (let count = 0; count < 500; count += 1) {
      const payload = 'x'.repeat(count % 300)
      const { box } = await ann.send({ ...CHAT, message_id: `m${count}`, payload })
      const bytes = fromBase64(String(box)) ?? new Uint8Array()
      nonces.add(toBase64(bytes.slice(15, 27)))
      expect((bytes.length - 15 - 12 - 16) % 64).toBe(0)
    }
    expect(nonces.size).toBe(500)
  })

  it('W199 drops what was sealed long ago', async () => {
    const late = await person('new', await keys(), NOW + LATE_MS + 1000)
    expect(await late.hears(await ann.send({ type: 'cursor', ...AT }))).toBeUndefined()
  })

  it('W199 drops frames in the clear', async () => {
    expect(await bob.hears({ ...CHAT, user_id: 'ann', ...TIMES })).toBeUndefined()
    expect(await bob.hears({ ...sync('bob'), messages: [CHAT] })).toMatchObject({ messages: [] })
  })

  it('W199 drops content that breaks a rule', async () => {
    const marks = '\u0301'.repeat(9)
    const bad = [
      '',
      ' ',
      '\u200b\u2800',
      'x'.repeat(501),
      'a\u0007',
      'a\u202e',
      `a${marks}`,
      'a\ud83d',
    ]
    for (const [number, payload] of bad.entries()) {
      const sent = await ann.send({ ...CHAT, message_id: `m${number}`, payload })
      expect(await bob.hears(sent), JSON.stringify(payload)).toBeUndefined()
    }
    expect(bob.translator.dropped).toBe(bad.length)
    expect(
      await bob.hears(await ann.send({ type: 'cursor', position: { x: 1e8, y: 0 } })),
    ).toBeUndefined()
  })

  it.each(['', ' ', '\u200b'])(
    'W199 a draft that shows nothing, %j, is given up',
    async (payload) => {
      const sent = await ann.send({ type: 'typing', message_id: 'm1', payload, ...AT })
      expect(await bob.hears(sent)).toMatchObject({ type: 'typing', payload: '' })
      expect(bob.translator.dropped).toBe(0)
    },
  )

  it('W198 shows the names that people sent, and the server’s as nobody’s', async () => {
    expect(await bob.hears(sync('bob', NOW, 'ann'))).toMatchObject({
      users: [{ name: 'bob' }, { name: NAMELESS }],
    })
    await bob.hears(await ann.send({ type: 'profile', name: 'Ann', color: 'teal' }))
    expect(await bob.hears({ type: 'user_joined', user_id: 'ann', name: 'Eve' })).toMatchObject({
      name: 'Ann',
    })
  })

  it('W194 sends a message again with the same box', async () => {
    const first = await ann.send(CHAT)
    ann.translator.begin()
    expect(await ann.send(CHAT)).toEqual(first)
  })

  it('W196 landmarks are boxes with an id', async () => {
    const frame = { type: 'moderate', action: 'place_landmark', name: 'fire', ...AT }
    const placed = await ann.translator.outgoing(frame)
    expect(JSON.stringify(placed)).not.toContain('fire')
    const updated = {
      type: 'channel_updated',
      landmarks: [{ name: placed?.name, ...AT, box: placed?.box }],
    }
    expect(await bob.hears(updated)).toMatchObject({ landmarks: [{ name: 'fire', ...AT }] })
    const removed = { type: 'moderate', action: 'remove_landmark', name: 'FIRE' }
    expect(await bob.translator.outgoing(removed)).toMatchObject({ name: placed?.name })
  })
})

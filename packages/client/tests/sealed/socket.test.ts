/*
 * What leaves a client in a sealed channel: the address of the connection, and its frames (W192, W193, W198).
 */
import { expect, it, vi } from 'vitest'
import { keysOf } from '../../src/sealed/link.ts'
import { sealedSocket } from '../../src/sealed/socket.ts'
import { FakeSocket } from '../support/socket.ts'

const SECRETS = ['Wilhelmina', 'teal', '8675309', '7654321', '1280', '720', 'on_map']

async function sealed(onDropped?: () => void) {
  const keys = await keysOf({ name: 'garden', secret: new Uint8Array(32).fill(7) })
  const Base = FakeSocket as unknown as Parameters<typeof sealedSocket>[1]
  return { keys, ...sealedSocket(keys, Base, () => 0, onDropped) }
}

it('W192 the address tells the server neither the profile nor the view, nor a field that is not known', async () => {
  const { keys, WebSocket: Sealing } = await sealed()
  const query = new URLSearchParams({
    ...{ channel: keys.channel, lang: 'de', trace: 't1', invite: 'i1' },
    ...{ name: 'Wilhelmina', color: 'teal', on_map: '0' },
    ...{ x: '8675309', y: '7654321', w: '1280', h: '720', later: 'Wilhelmina' },
  })
  new Sealing(`wss://talk.example/api/chat?${query}`, ['asocial.v1'])
  const url = new URL(FakeSocket.all[0]?.url ?? '')
  expect(Object.fromEntries(url.searchParams)).toEqual({
    ...{ channel: keys.channel, lang: 'de', trace: 't1', invite: 'i1', sealed: '1' },
  })
  for (const secret of SECRETS) expect(url.href).not.toContain(secret)
})

it('W193 W198 what it sends after the first snapshot is sealed: its name, and what follows', async () => {
  const { WebSocket: Sealing } = await sealed()
  const socket = new Sealing('wss://talk.example/api/chat?channel=c&name=Wilhelmina&color=teal', [])
  const below = FakeSocket.all[0]
  below?.sync()
  socket.send(JSON.stringify({ type: 'cursor', position: { x: 8675309, y: 7654321 } }))
  await vi.waitFor(() => expect(below?.sent).toHaveLength(2))
  const kinds = below?.sent.map((frame) => (frame as { kind?: string }).kind)
  expect(kinds?.sort()).toEqual(['cursor', 'profile'])
  // Three digits of them are in some random box.
  for (const secret of SECRETS.filter(({ length }) => length > 3)) {
    expect(JSON.stringify(below?.sent)).not.toContain(secret)
  }
})

it('W199 reports each frame that it drops, and passes on the next one', async () => {
  const onDropped = vi.fn()
  const { WebSocket: Sealing, dropped } = await sealed(onDropped)
  const socket = new Sealing('wss://talk.example/api/chat?channel=c', [])
  const heard: string[] = []
  socket.onmessage = ({ data }) => heard.push(String(data))
  const below = FakeSocket.all[0]
  below?.sync()
  below?.receive({ type: 'sealed', kind: 'cursor', user_id: 'eve', box: 'AAAA' })
  below?.receive({ type: 'chat', user_id: 'eve', message_id: 'm', payload: 'forged' })
  below?.receive({ type: 'notice', text: 'hello' })
  await vi.waitFor(() => expect(heard.at(-1)).toContain('hello'))
  expect(onDropped).toHaveBeenCalledTimes(2)
  expect(dropped()).toBe(2)
  expect(heard.join('')).not.toContain('forged')
})

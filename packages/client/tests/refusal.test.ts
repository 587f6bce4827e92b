/*
 * W87: why an upgrade was refused.
 */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { whyRefused, type Asked } from '../src/core/refusal.ts'

const asked = vi.fn<(url: string, options: { headers: Record<string, string> }) => void>()

function answering(status: number, body: unknown = {}) {
  vi.stubGlobal('fetch', (url: string, options: { headers: Record<string, string> }) => {
    asked(url, options)
    return Promise.resolve(new Response(JSON.stringify(body), { status }))
  })
}

const nobody: Asked = {
  server: '',
  channel: 'garden',
  origin: undefined,
  invite: undefined,
  token: undefined,
}

afterEach(() => {
  vi.unstubAllGlobals()
  asked.mockClear()
})

describe('W87: a client asks why it was refused', () => {
  test('it says its origin, its invitation and its token', async () => {
    answering(200)
    const origin = 'https://talk.example'
    await whyRefused({ ...nobody, origin, invite: 'a.b', token: 'tok' })
    const [url, options] = asked.mock.calls[0] ?? ['', { headers: {} }]
    expect(url).toBe('/api/channels/garden?origin=https%3A%2F%2Ftalk.example&invite=a.b')
    expect(options.headers).toEqual({ Authorization: 'Bearer tok' })
  })

  test('W192 it says that it can read a sealed channel', async () => {
    answering(200)
    await whyRefused({ ...nobody, sealed: true })
    expect(asked.mock.calls[0]?.[0]).toBe('/api/channels/garden?sealed=1')
  })

  test('without these it asks the plain question, at the server it was given', async () => {
    answering(200)
    await whyRefused({ ...nobody, server: 'https://talk.example' })
    expect(asked.mock.calls[0]).toEqual([
      'https://talk.example/api/channels/garden?',
      { headers: {} },
    ])
  })

  test.each([
    [403, true],
    [421, true],
    [401, false],
    [429, false],
    [503, false],
  ])('the refusal with %i lasts: %s', async (status, lasting) => {
    answering(status, { error: { code: 'some_code', message: 'why' } })
    expect(await whyRefused(nobody)).toEqual({ code: 'some_code', message: 'why', lasting })
  })

  test('an answer that is not of our server tells nothing', async () => {
    answering(403, { some: 'filter' })
    expect(await whyRefused(nobody)).toBeUndefined()
  })
})

/*
 * W87: why an upgrade was refused, as the page finds out and tells it.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { explainRefusal } from '../../../src/features/channel/refusal'
import { REFUSAL_STRINGS } from '../../../src/shared/i18n/en-refusals'
import { setUp } from '../../support/visitor'

function answering(status: number, body: unknown = {}) {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { status })))
}

const refused = (code: string) => ({ error: { code, message: `about ${code}` } })

beforeEach(() => void vi.stubGlobal('location', { origin: 'https://talk.example' }))
afterEach(() => vi.unstubAllGlobals())

describe('W87: the page asks why it was refused', () => {
  test.each([
    [403, 'origin_forbidden'],
    [403, 'members_only'],
    [403, 'channel_private'],
    [400, 'channel_invalid'],
    [421, 'a_code_of_a_newer_server'],
  ])('%i %s is for good', async (status, code) => {
    answering(status, refused(code))
    const { app } = setUp()
    const message = REFUSAL_STRINGS.connection[code] ?? `about ${code}`
    expect(await explainRefusal(app, undefined)).toEqual({ code, message, lasting: true })
    expect(app.session.store.getState().refusal).toBeUndefined()
  })

  test.each([
    [429, 'too_many_connections'],
    [503, 'identity_unavailable'],
    [503, 'unavailable'],
  ])('%i %s passes by itself, and is told until we are live', async (status, code) => {
    answering(status, refused(code))
    const { app } = setUp()
    app.session.setLink({ kind: 'waiting', until: 0 })
    expect((await explainRefusal(app, undefined))?.lasting).not.toBe(true)
    expect(app.session.store.getState().refusal).toEqual({
      code,
      text: REFUSAL_STRINGS.connection[code],
    })
    app.session.setLink({ kind: 'live' })
    expect(app.session.store.getState().refusal).toBeUndefined()
    await explainRefusal(app, undefined)
    expect(app.session.store.getState().refusal, 'an answer that came too late').toBeUndefined()
  })

  test('a restart is told by the countdown alone', async () => {
    answering(503, refused('draining'))
    const { app } = setUp()
    app.session.setLink({ kind: 'waiting', until: 0 })
    expect((await explainRefusal(app, undefined))?.lasting).not.toBe(true)
    expect(app.session.store.getState().refusal).toBeUndefined()
  })

  test('where HTTP is answered twice and no upgrade was, something in between stops it', async () => {
    answering(200)
    const { app } = setUp()
    app.session.setLink({ kind: 'waiting', until: 0 })
    const told = async () => {
      await explainRefusal(app, undefined)
      return app.session.store.getState().refusal?.code
    }
    expect(await told()).toBe('answered')
    expect(await told()).toBe('not_upgraded')
    expect(await told()).toBe('not_upgraded')
    app.session.setLink({ kind: 'live' })
    app.session.setLink({ kind: 'waiting', until: 0 })
    expect(await told()).toBe('answered')
  })
})

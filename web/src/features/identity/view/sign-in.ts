/*
 * Finds the sign-in provider of this server, and passes each new token on: in a frame while we are connected, so that the
 * connection stays (W60).
 */
import type { App } from '../../../stores/app'
import type { Connect, IdentityProvider, SignIn } from '../model/provider'

let found: Promise<IdentityProvider | undefined> | undefined

/** Undefined where the server has no sign-in for pages. Rejects when the server cannot be reached. */
export function signIn(app: App): Promise<IdentityProvider | undefined> {
  found ??= begin(app).catch((error: unknown) => {
    found = undefined
    throw error
  })
  return found
}

async function begin(app: App): Promise<IdentityProvider | undefined> {
  const response = await fetch('/api/config')
  if (!response.ok) throw new Error(`/api/config answers ${response.status}`)
  const { sign_in } = (await response.json()) as { sign_in: SignIn | null }
  if (!sign_in) return undefined
  const { connect } = await load(sign_in)
  const provider = await connect(sign_in)
  provider.watch((token) => {
    app.session.setProviderToken(token)
    if (token !== undefined && !app.send({ type: 'auth', token })) app.connectNow()
  })
  return provider
}

async function load(config: SignIn): Promise<{ connect: Connect }> {
  if (config.module) return (await import(/* @vite-ignore */ config.module)) as { connect: Connect }
  return import('./firebase')
}

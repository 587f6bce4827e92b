/*
 * Saying who one is, where the server wants to know: over the plane, in the middle, for nothing
 * else can be done before. Fetched when the server says that it does not know us (W60).
 *
 * A visitor who is signed in already sees it for a moment at most: their token is on its way.
 */
import { useEffect, useState, type FormEvent } from 'react'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import type { IdentityProvider } from './model/provider'
import { showAddress } from '../../shared/ui/address-bar'
import { useApp, useSession } from '../../stores/hooks'
import '../../shared/ui/actions.css'
import { signIn } from './view/sign-in'
import './sign-in.css'

const SAY = PANEL_STRINGS.signIn
const EMAIL_KEY = 'email'
const EXPIRED = 4511

export function SignIn() {
  const app = useApp()
  const expired = useSession((s) => s.link.kind === 'final' && s.link.code === EXPIRED)
  const [provider, setProvider] = useState<IdentityProvider | 'none'>()
  const [said, setSaid] = useState('')
  const [email, setEmail] = useState(() => app.storage.read(EMAIL_KEY) ?? '')

  useEffect(() => {
    let shown = true
    signIn(app)
      .then(async (found) => {
        if (!shown) return
        setProvider(found ?? 'none')
        // Asleep for too long: who is signed in gets a newer token.
        if (expired) await found?.refresh()
      })
      .catch(() => shown && setSaid(SAY.failed))
    return () => {
      shown = false
    }
  }, [app, expired])

  if (provider === undefined) return said ? <p className="sign-in">{said}</p> : null
  if (provider === 'none') return <p className="sign-in panel">{SAY.noWay}</p>

  const attempt = (act: () => Promise<void>) => {
    setSaid('')
    void act().catch(() => setSaid(SAY.failed))
  }
  const finishing = provider.linkOpened()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    attempt(async () => {
      if (finishing) {
        await provider.finishLink(email)
        app.storage.write(EMAIL_KEY, '')
        showAddress(location.pathname)
        return
      }
      await provider.sendLink(email)
      app.storage.write(EMAIL_KEY, email)
      setSaid(SAY.sent(email))
    })
  }
  const refused = app.session.vouched()
  return (
    <section className="sign-in panel" aria-labelledby="who-is-it" data-testid="sign-in">
      <h2 id="who-is-it">{SAY.title}</h2>
      <p className="why">{refused ? SAY.notHere : SAY.why}</p>
      {!finishing && (
        <button
          type="button"
          className="way"
          onClick={() => attempt(provider.withGoogle)}
          data-testid="with-google"
        >
          {SAY.google}
        </button>
      )}
      <form onSubmit={submit}>
        <input
          type="email"
          required
          autoComplete="email"
          value={email}
          placeholder={SAY.email}
          aria-label={finishing ? SAY.finish : SAY.email}
          onChange={(event) => setEmail(event.target.value)}
          data-testid="email"
        />
        <button type="submit" className="way" data-testid="send-link">
          {finishing ? SAY.go : SAY.link}
        </button>
      </form>
      <p className="why" role="status" data-testid="sign-in-said">
        {said}
      </p>
      {refused && <SignOut />}
    </section>
  )
}

/** Ends the sign-in and leaves nothing behind in this browser: token, name, colour. */
export function SignOut() {
  const app = useApp()
  const signOut = async () => {
    const provider = await signIn(app)
    app.session.forget()
    await provider?.signOut()
    location.reload()
  }
  return (
    <button type="button" className="act" onClick={() => void signOut()} data-testid="sign-out">
      {SAY.signOut}
    </button>
  )
}

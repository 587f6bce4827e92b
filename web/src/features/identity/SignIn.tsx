/*
 * Signing in, on servers that require it. Loaded when the server answers that the user is unknown (W60). Somebody who is
 * signed in already sees it for a moment at most, until their token is there.
 */
import { useEffect, useState, type FormEvent } from 'react'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import type { IdentityProvider } from './model/provider'
import { showAddress } from '../../shared/ui/address-bar'
import { useApp, useSession } from '../../stores/hooks'
import { TextButton } from '../../shared/ui/TextButton'
import { signIn } from './view/sign-in'

const SAY = PANEL_STRINGS.signIn
const EMAIL_KEY = 'email'
const EXPIRED = 4511
const PLACE =
  'absolute inset-x-0 top-1/2 mx-auto w-[min(320px,100vw-32px)] -translate-y-1/2 px-5 pt-[18px] pb-3.5 text-sm/5'
const WAY =
  'min-h-10 cursor-pointer rounded-xl border-[1.5px] border-faint px-3 font-[560] hover:bg-ground pointer-coarse:min-h-11'

export function SignIn() {
  const app = useApp()
  const expired = useSession((s) => s.link.kind === 'final' && s.link.code === EXPIRED)
  const fragment = useSession((s) => s.fragment)
  const [provider, setProvider] = useState<IdentityProvider | 'none'>()
  const [notice, setNotice] = useState('')
  const [email, setEmail] = useState(() => app.storage.read(EMAIL_KEY) ?? '')

  // The provider's windows and mails get the address of this page, and must not get the key of a sealed channel with it.
  useEffect(() => {
    if (fragment === undefined) return
    const address = location.pathname + location.search
    showAddress(address)
    return () => showAddress(`${address}#${fragment}`)
  }, [fragment])

  useEffect(() => {
    let shown = true
    signIn(app)
      .then(async (found) => {
        if (!shown) return
        setProvider(found ?? 'none')
        // After a long sleep the token is too old.
        if (expired) await found?.refresh()
      })
      .catch(() => shown && setNotice(SAY.failed))
    return () => {
      shown = false
    }
  }, [app, expired])

  if (provider === undefined) return notice ? <p className={PLACE}>{notice}</p> : null
  if (provider === 'none') return <p className={`panel ${PLACE}`}>{SAY.noWay}</p>

  const attempt = (act: () => Promise<void>) => {
    setNotice('')
    void act().catch(() => setNotice(SAY.failed))
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
      setNotice(SAY.sent(email))
    })
  }
  const refused = app.session.hasProviderToken()
  return (
    <section className={`panel ${PLACE}`} aria-labelledby="who-is-it" data-testid="sign-in">
      <h2 id="who-is-it" className="text-xl/7 font-semibold">
        {SAY.title}
      </h2>
      <p className="text-xs/4 text-faint">{refused ? SAY.notHere : SAY.why}</p>
      {!finishing && (
        <button
          type="button"
          className={`${WAY} mt-3 w-full`}
          onClick={() => attempt(provider.withGoogle)}
          data-testid="with-google"
        >
          {SAY.google}
        </button>
      )}
      {/* The link in the mail could not contain the key. */}
      <form
        className={fragment === undefined ? 'mt-2 mb-1.5 flex flex-col gap-2' : 'hidden'}
        onSubmit={submit}
      >
        <input
          type="email"
          className="min-h-10 rounded-xl border border-line bg-ground px-3 placeholder:text-faint pointer-coarse:min-h-11 pointer-coarse:text-base/5"
          required
          autoComplete="email"
          value={email}
          placeholder={SAY.email}
          aria-label={finishing ? SAY.finish : SAY.email}
          onChange={(event) => setEmail(event.target.value)}
          data-testid="email"
        />
        <button type="submit" className={WAY} data-testid="send-link">
          {finishing ? SAY.go : SAY.link}
        </button>
      </form>
      <p className="text-xs/4 text-faint" role="status" data-testid="sign-in-notice">
        {notice}
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
    <TextButton onClick={() => void signOut()} data-testid="sign-out">
      {SAY.signOut}
    </TextButton>
  )
}

/*
 * Sign-in with Firebase: with Google, or by a link in an e-mail. It is the largest file of the page, and loaded only where
 * the server is configured for it.
 */
import { initializeApp } from '@firebase/app'
import {
  browserLocalPersistence,
  browserPopupRedirectResolver,
  getIdToken,
  GoogleAuthProvider,
  indexedDBLocalPersistence,
  initializeAuth,
  isSignInWithEmailLink,
  onIdTokenChanged,
  sendSignInLinkToEmail,
  signInWithEmailLink,
  signInWithPopup,
  signOut,
  type User,
} from '@firebase/auth'
import type { IdentityProvider, SignIn } from '../model/provider'

/** How long before a token expires it is renewed; tokens last an hour. */
const EARLY_MS = 5 * 60_000
const SOONEST_MS = 10_000

export async function connect(config: SignIn): Promise<IdentityProvider> {
  const app = initializeApp({
    projectId: config.project_id ?? '',
    apiKey: config.api_key ?? '',
    authDomain: config.auth_domain ?? '',
  })
  const auth = initializeAuth(app, {
    persistence: [indexedDBLocalPersistence, browserLocalPersistence],
    popupRedirectResolver: browserPopupRedirectResolver,
  })
  await auth.authStateReady()
  let timer: ReturnType<typeof setTimeout> | undefined

  async function renewInTime(user: User) {
    clearTimeout(timer)
    const { expirationTime } = await user.getIdTokenResult()
    const left = Date.parse(expirationTime) - Date.now() - EARLY_MS
    // Without a network it fails. When the token then expires, the server closes, and the page signs in again.
    const renew = () => void getIdToken(user, true).catch(() => undefined)
    timer = setTimeout(renew, Math.max(SOONEST_MS, left))
  }

  return {
    watch: (onToken) =>
      void onIdTokenChanged(auth, (user) => {
        if (!user) return onToken(undefined)
        void getIdToken(user).then(onToken, () => undefined)
        void renewInTime(user).catch(() => undefined)
      }),
    async refresh() {
      if (auth.currentUser) await getIdToken(auth.currentUser, true)
    },
    async withGoogle() {
      await signInWithPopup(auth, new GoogleAuthProvider())
    },
    sendLink: (email) =>
      sendSignInLinkToEmail(auth, email, { url: location.href, handleCodeInApp: true }),
    linkOpened: () => isSignInWithEmailLink(auth, location.href),
    async finishLink(email) {
      await signInWithEmailLink(auth, email, location.href)
    },
    signOut: () => signOut(auth),
  }
}

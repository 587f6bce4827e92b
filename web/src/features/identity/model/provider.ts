/*
 * What the page needs of a sign-in provider. identity/view/firebase.ts is one; any module of this site that exports
 * `connect` is another (docs/operations.md).
 */

export interface IdentityProvider {
  /**
   * Calls `onToken` at once if somebody is signed in, and with each newer token before the last one expires; with
   * undefined when nobody is.
   */
  watch(onToken: (token: string | undefined) => void): void
  /** Fetch a newer token now; `onToken` gets it. */
  refresh(): Promise<void>
  withGoogle(): Promise<void>
  sendLink(email: string): Promise<void>
  /** Whether this page was opened by a link that `sendLink` sent. */
  linkOpened(): boolean
  finishLink(email: string): Promise<void>
  signOut(): Promise<void>
}

/** `sign_in` of /api/config. */
export interface SignIn {
  readonly provider: string
  readonly module?: string
  readonly project_id?: string
  readonly api_key?: string
  readonly auth_domain?: string
}

export type Connect = (config: SignIn) => Promise<IdentityProvider>

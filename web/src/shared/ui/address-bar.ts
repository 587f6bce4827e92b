/*
 * The address that is shown. Browsers refuse to change it in some frames, and when it is changed too often.
 */
export function showAddress(address: string) {
  try {
    history.replaceState(history.state, '', address)
  } catch {
    // Then it stays as it is: nothing depends on it.
  }
}

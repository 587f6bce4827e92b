/*
 * Sets the address of the page. Browsers refuse that in some frames, and when it is called too often.
 */
export function showAddress(address: string) {
  try {
    history.replaceState(history.state, '', address)
  } catch {
    // Nothing depends on it.
  }
}

/*
 * Why an upgrade was refused: browsers do not tell a page, so the page asks by plain HTTP, where
 * the server gives the same answer (docs/protocol.md, section 9). Fetched when a connection never opened.
 */

/** The status that keeps us out for good, or undefined: try again. */
export async function whyRefused(
  channel: string,
  invite: string | undefined,
  token: string | undefined,
): Promise<number | undefined> {
  const query = invite === undefined ? '' : `?${new URLSearchParams({ invite })}`
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {}
  const { status } = await fetch(`/api/channels/${channel}${query}`, { headers })
  return status === 403 ? status : undefined
}

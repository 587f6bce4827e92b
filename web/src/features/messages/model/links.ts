/*
 * Links in messages. Only http and https addresses become links.
 *
 * Readers must see where a link goes. So the host is shown as the browser requests it: letters of other alphabets that look
 * like Latin ones as punycode, nothing decoded, nothing hidden. Characters that could mislead (an @, an invisible
 * character, one that changes the direction of the text) end the address, or it does not become a link. Pure: it returns
 * parts of the text, no markup.
 */

export interface Link {
  /** what is shown */
  readonly text: string
  readonly href: string
  /** as the browser requests it */
  readonly host: string
}

export type Part = string | Link

/** Without white space, quotes, brackets around addresses, and invisible or directional characters. */
const CANDIDATE = /(?<![\p{L}\p{N}_])(?:https?:\/\/|www\.)[^\s<>"“”«»`\p{Cc}\p{Cf}\p{Co}\p{Cn}]+/giu
/** Belongs to the sentence, not to the address. */
const TRAILING = /[.,:;!?'’…。、！？*_~]+$/u
const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

export function partsOf(text: string): Part[] {
  const parts: Part[] = []
  let at = 0
  for (const match of text.matchAll(CANDIDATE)) {
    const typed = trimmed(match[0])
    const link = linkOf(typed)
    if (!link) continue
    if (match.index > at) parts.push(text.slice(at, match.index))
    parts.push(link)
    at = match.index + typed.length
  }
  if (at < text.length) parts.push(text.slice(at))
  return parts
}

/** Removes the end of the sentence, and closing brackets that were opened before the address. */
function trimmed(candidate: string): string {
  let kept = candidate
  for (;;) {
    const before = kept
    kept = kept.replace(TRAILING, '')
    const last = kept.at(-1) ?? ''
    const opens = PAIRS[last]
    if (opens && kept.split(last).length > kept.split(opens).length) kept = kept.slice(0, -1)
    if (kept === before) return kept
  }
}

function linkOf(typed: string): Link | undefined {
  const bare = /^www\./i.test(typed)
  let url: URL
  try {
    url = new URL(bare ? `https://${typed}` : typed)
  } catch {
    return undefined
  }
  const web = url.protocol === 'https:' || url.protocol === 'http:'
  // `https://bank.example@elsewhere.example` goes to elsewhere.example: it is meant to mislead.
  if (!web || url.username !== '' || url.password !== '' || url.hostname === '') return undefined
  if (bare && !/^www\.[^.]/.test(url.hostname)) return undefined
  const authority = /^(?:https?:\/\/)?([^/?#\\]*)/i.exec(typed)?.[1] ?? ''
  const asTyped = authority.toLowerCase() === url.host
  return { text: asTyped ? typed : url.href, href: url.href, host: url.host }
}

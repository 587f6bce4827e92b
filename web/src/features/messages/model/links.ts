/*
 * Addresses in messages, as parts of the text: what is text stays text, and only http and https become links.
 *
 * Whoever reads must see where a link goes. So its host is shown as the browser will ask for it: letters of other
 * alphabets that look like Latin ones in punycode, nothing decoded, nothing hidden. What could mislead by its
 * form (a name before an @, a character that turns the direction of the text or is not seen at all) ends the
 * address or is none. Pure: text in, parts out; markup is made by nobody.
 */

export interface Link {
  /** what is shown */
  readonly text: string
  readonly href: string
  /** as the browser asks for it */
  readonly host: string
}

export type Part = string | Link

/** Not white space, no quotes or brackets that stand around addresses, nothing unseen or that steers direction. */
const CANDIDATE = /(?<![\p{L}\p{N}_])(?:https?:\/\/|www\.)[^\s<>"“”«»`\p{Cc}\p{Cf}\p{Co}\p{Cn}]+/giu
/** Ends of sentences, not of addresses. */
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

/** Without what belongs to the sentence around it: its end, and brackets that were not opened within. */
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
  // `https://bank.example@elsewhere.example` goes elsewhere: no honest address is written so.
  if (!web || url.username !== '' || url.password !== '' || url.hostname === '') return undefined
  if (bare && !/^www\.[^.]/.test(url.hostname)) return undefined
  const authority = /^(?:https?:\/\/)?([^/?#\\]*)/i.exec(typed)?.[1] ?? ''
  const asTyped = authority.toLowerCase() === url.host
  return { text: asTyped ? typed : url.href, href: url.href, host: url.host }
}

/*
 * What a point of a web page belongs to, as text that another page of the same address can read (W180 of docs/protocol.md).
 *
 * Pure: it knows elements by the few fields of `Node`, and no page. page-anchor.ts finds elements and their boxes.
 */

/** As much of an element as is needed to name it and to find it. */
export interface Node {
  readonly id: string
  readonly parentElement: Node | null
  readonly children: ArrayLike<Node>
  readonly childElementCount: number
  readonly textContent: string | null
}

/** A place within a length: thousandths of it, and CSS pixels beyond its start or end. */
export interface Along {
  readonly share: number
  readonly beyond: number
}

export interface Anchor {
  /** an element's id; empty: the body */
  readonly root: string
  /** the number of each child on the way down from there */
  readonly path: readonly number[]
  /** `quoteOf` the element */
  readonly quote: string
  readonly x: Along
  readonly y: Along
}

const QUOTED_CHARACTERS = 40
const LONGEST = 200
const DEEPEST = 30
/** An element with more children is no paragraph: to read its text would cost more than it tells. */
const QUOTED_CHILDREN = 12
const SHAPE = /^([^/]*)\/([\d.]*)\/([\da-z]*)\/(\d+)([+-]\d+)?\/(\d+)([+-]\d+)?$/

export function alongOf(at: number, start: number, size: number): Along {
  const inside = Math.min(Math.max(at - start, 0), size)
  const share = size > 0 ? Math.round((1000 * inside) / size) : 0
  return { share, beyond: Math.round(at - start - inside) }
}

export const offsetOf = ({ share, beyond }: Along, size: number) => (share * size) / 1000 + beyond

/** FNV-1a, 32 bits. */
export function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  }
  return (hash >>> 0).toString(36)
}

/** A hash of how the element's text begins, so that the text itself stays on the page. Empty: it has none. */
export function quoteOf({ childElementCount, textContent }: Node): string {
  if (childElementCount > QUOTED_CHILDREN) return ''
  const text = (textContent ?? '')
    .trimStart()
    .slice(0, 4 * QUOTED_CHARACTERS)
    .replace(/\s+/g, ' ')
  const quoted = text.slice(0, QUOTED_CHARACTERS).trim()
  return quoted ? hashOf(quoted) : ''
}

/** The name of `element`: its nearest ancestor with an id, and the way down from there. Undefined: it is not in `body`. */
export function nameOf(
  element: Node,
  body: Node,
  byId: (id: string) => Node | null,
): Pick<Anchor, 'root' | 'path' | 'quote'> | undefined {
  const path: number[] = []
  for (let at = element; path.length <= DEEPEST;) {
    // An id that two elements have names neither.
    const named = at.id !== '' && byId(at.id) === at
    if (named || at === body) {
      return { root: named ? at.id : '', path: path.reverse(), quote: quoteOf(element) }
    }
    const parent = at.parentElement
    if (!parent) return undefined
    path.push(Array.prototype.indexOf.call(parent.children, at))
    at = parent
  }
  return undefined
}

/** The element at the end of the path. Undefined: there is none, or its text begins otherwise. */
export function follow(
  { root, path, quote }: Anchor,
  body: Node,
  byId: (id: string) => Node | null,
): Node | undefined {
  let at = (root ? byId(root) : body) ?? undefined
  for (const number of path) at = at?.children[number]
  // An element that has an id is itself, whatever it says now.
  return at && (path.length === 0 || quoteOf(at) === quote) ? at : undefined
}

/** Of elements whose text begins as the anchor says, the first. */
export function search({ quote }: Anchor, candidates: Iterable<Node>): Node | undefined {
  if (!quote) return undefined
  for (const element of candidates) {
    if (quoteOf(element) === quote) return element
  }
  return undefined
}

const encoded = (id: string) =>
  encodeURIComponent(id.toWellFormed()).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  )

const signed = (beyond: number) => (beyond > 0 ? `+${beyond}` : beyond < 0 ? `${beyond}` : '')

/** Empty: it is too long to be sent. */
export function writeAnchor({ root, path, quote, x, y }: Anchor): string {
  const text = [
    encoded(root),
    path.join('.'),
    quote,
    `${x.share}${signed(x.beyond)}`,
    `${y.share}${signed(y.beyond)}`,
  ].join('/')
  return text.length <= LONGEST ? text : ''
}

/** Undefined: another client wrote it, or nobody did. */
export function readAnchor(text: string | undefined): Anchor | undefined {
  const [, root, path, quote = '', ...along] = SHAPE.exec(text ?? '') ?? []
  if (root === undefined || path === undefined) return undefined
  const numbers = along.map((each) => Number(each ?? 0))
  const [xShare = 0, xBeyond = 0, yShare = 0, yBeyond = 0] = numbers
  const steps = path === '' ? [] : path.split('.').map((each) => Number.parseInt(each, 10))
  if (steps.length > DEEPEST || !steps.every(Number.isSafeInteger)) return undefined
  if (!numbers.every((each) => Math.abs(each) <= 1e6)) return undefined
  try {
    return {
      root: decodeURIComponent(root),
      path: steps,
      quote,
      x: { share: xShare, beyond: xBeyond },
      y: { share: yShare, beyond: yBeyond },
    }
  } catch {
    return undefined
  }
}

/*
 * What a site sets with `data-` attributes of the script's tag (docs/guide/embed.md). Pure: a value that is not known counts
 * as absent.
 */

export interface Options {
  readonly server: string
  readonly channel: string
  readonly anchor: 'content' | 'document' | 'none'
  readonly theme: 'auto' | 'light' | 'dark'
  /** a CSS colour; empty: ours */
  readonly accent: string
  readonly language: string
  /** open: visitors see each other at once; quiet: when they press the button */
  readonly start: 'open' | 'quiet'
  readonly maxPointers: number
  readonly button: 'end' | 'start' | 'none'
  readonly key: Shortcut | undefined
  /** whether a guest's token may be stored */
  readonly storage: boolean
}

export interface Shortcut {
  /** a KeyboardEvent's `code`: the key's place, which is the same on every layout */
  readonly code: string
  readonly alt: boolean
  readonly ctrl: boolean
  readonly meta: boolean
  readonly shift: boolean
}

const oneOf = <T extends string>(value: string | undefined, ...allowed: [T, ...T[]]): T =>
  allowed.find((each) => each === value) ?? allowed[0]

/** `Alt+Shift+T`. Undefined: `none`, or no such key. */
export function shortcutOf(text: string): Shortcut | undefined {
  const names = text
    .toLowerCase()
    .split('+')
    .map((each) => each.trim())
  const key = names.pop() ?? ''
  const known = ['alt', 'ctrl', 'meta', 'shift']
  if (!/^([a-z\d]|f\d{1,2})$/.test(key) || !names.every((each) => known.includes(each)))
    return undefined
  const code = /^f\d/.test(key)
    ? key.toUpperCase()
    : /\d/.test(key)
      ? `Digit${key}`
      : `Key${key.toUpperCase()}`
  const [alt, ctrl, meta, shift] = known.map((each) => names.includes(each))
  // A letter alone would take a key from the page.
  if (!alt && !ctrl && !meta && !/^F/.test(code)) return undefined
  return { code, alt: !!alt, ctrl: !!ctrl, meta: !!meta, shift: !!shift }
}

export function readOptions(
  data: Readonly<Record<string, string | undefined>>,
  source: string,
): Options {
  const pointers = Number.parseInt(data.maxPointers ?? '', 10)
  return {
    server: new URL(data.server || source).origin,
    channel: data.channel ?? '',
    anchor: oneOf(data.anchor, 'content', 'document', 'none'),
    theme: oneOf(data.theme, 'auto', 'light', 'dark'),
    accent: data.accent ?? '',
    language: data.language ?? '',
    start: oneOf(data.start, 'open', 'quiet'),
    maxPointers: pointers >= 0 ? pointers : 50,
    button: oneOf(data.button, 'end', 'start', 'none'),
    key: shortcutOf(data.key ?? 'Alt+Shift+T'),
    storage: data.storage !== 'none',
  }
}

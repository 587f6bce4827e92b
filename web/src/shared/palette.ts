/*
 * People's colours: the sixteen names of W23, each tuned twice, once for each ground.
 *
 * The lightness of each hue was set in OKLCH so that its contrast with the ground is at least 5:1 (light) and 6:1 (dark). A
 * test computes the WCAG 2 contrast of all of them, and compares the grounds with app/style.css and index.html.
 */

export interface Shade {
  readonly light: string
  readonly dark: string
}

export const THEMES = ['light', 'dark'] as const satisfies readonly (keyof Shade)[]
/** '': as the device */
export type Theme = '' | (typeof THEMES)[number]

export const isTheme = (value: unknown): value is Theme =>
  value === '' || (THEMES as readonly unknown[]).includes(value)

/** Behind messages the backdrop replaces the ground. */
export const GROUND: Shade = { light: '#e3eaea', dark: '#0f171a' }
export const BACKDROP: Shade = { light: '#eff4f3', dark: '#1a262b' }

export const PALETTE = {
  rust: { light: '#a73b15', dark: '#ff9979' },
  coral: { light: '#b22c36', dark: '#ff9794' },
  amber: { light: '#8b5500', dark: '#eea54f' },
  ochre: { light: '#7b5e00', dark: '#d2b058' },
  olive: { light: '#636602', dark: '#b4ba60' },
  moss: { light: '#446a01', dark: '#96c06a' },
  fern: { light: '#096f23', dark: '#74c67b' },
  jade: { light: '#006d49', dark: '#64c699' },
  teal: { light: '#036b65', dark: '#51c5bb' },
  lagoon: { light: '#03697b', dark: '#45c3dd' },
  azure: { light: '#016498', dark: '#5dbcfe' },
  cobalt: { light: '#265ac0', dark: '#73a4ff' },
  indigo: { light: '#584fbf', dark: '#9a9afe' },
  violet: { light: '#7845b4', dark: '#c8a3ff' },
  plum: { light: '#933d8a', dark: '#ee96e2' },
  rose: { light: '#ae2b5a', dark: '#ff94af' },
} as const satisfies Record<string, Shade>

export type ColorName = keyof typeof PALETTE
export const COLOR_NAMES = Object.keys(PALETTE) as ColorName[]

export function isColor(name: unknown): name is ColorName {
  return typeof name === 'string' && Object.hasOwn(PALETTE, name)
}

/** A CSS colour for both themes; an unknown name gives the colour of plain text. */
export function ink(color: string | undefined): string {
  return isColor(color)
    ? `light-dark(${PALETTE[color].light}, ${PALETTE[color].dark})`
    : 'var(--ink)'
}

/** The same for a canvas, which does not know `light-dark()`. */
export function shadeOf(color: string | undefined, dark: boolean, plain: string): string {
  return isColor(color) ? PALETTE[color][dark ? 'dark' : 'light'] : plain
}

function luminance(hex: string): number {
  const channel = (start: number) => {
    const value = Number.parseInt(hex.slice(start, start + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

/** WCAG 2 contrast of two `#rrggbb` colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)]
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05)
}

/*
 * People's colours: the names of W23, each tuned twice, once for each ground.
 *
 * Neighbours in hue differ in lightness too, so that people can be told apart: around the circle, one is close to the
 * ground in lightness (a contrast of about 5:1), the next one far from it (8:1 or more). Set in OKLCH. Tests compute the
 * WCAG 2 contrast of all of them and the distance of any two, and compare the grounds with app/style.css and index.html.
 * The server has the same shades (domain/palette.py), because it chooses the colours of people who chose none.
 */
import { COLORS } from '@asocial/client/core/wire'

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
  rust: { light: '#782d00', dark: '#ffc5ad' },
  coral: { light: '#c21628', dark: '#fd6260' },
  amber: { light: '#8d5505', dark: '#d68309' },
  ochre: { light: '#584503', dark: '#facf4e' },
  olive: { light: '#656504', dark: '#9a9b07' },
  moss: { light: '#345202', dark: '#b3e87a' },
  fern: { light: '#037227', dark: '#10ad41' },
  jade: { light: '#02553d', dark: '#5cf3bd' },
  teal: { light: '#076d69', dark: '#0ca7a1' },
  lagoon: { light: '#045160', dark: '#84e5fe' },
  azure: { light: '#03679e', dark: '#089dee' },
  cobalt: { light: '#0935b1', dark: '#c0d5fe' },
  indigo: { light: '#6648d1', dark: '#9585ff' },
  violet: { light: '#680395', dark: '#e5c5fe' },
  plum: { light: '#a92896', dark: '#e269cc' },
  rose: { light: '#850241', dark: '#ffc1d0' },
} as const satisfies Record<ColorName, Shade>

export type ColorName = (typeof COLORS)[number]

export const isColor = (name: unknown): name is ColorName =>
  (COLORS as readonly unknown[]).includes(name)

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

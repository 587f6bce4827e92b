/*
 * Whether the page is light or dark. That of the device says little: many pages have one theme only.
 */

/** 0: black, 1: white. Undefined: it lets through what is behind it, or is not a colour that we read. */
export function lightnessOf(color: string): number | undefined {
  const match = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/.exec(color)
  if (!match || Number(match[4] ?? 1) < 0.5) return undefined
  const [red = 0, green = 0, blue = 0] = match.slice(1, 4).map(Number)
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
}

export function themeOfPage(): 'light' | 'dark' {
  const root = getComputedStyle(document.documentElement)
  const body = getComputedStyle(document.body ?? document.documentElement)
  for (const { backgroundColor } of [body, root]) {
    const lightness = lightnessOf(backgroundColor)
    if (lightness !== undefined) return lightness < 0.5 ? 'dark' : 'light'
  }
  // The browser's own ground, which is dark only where the page says that it can be.
  const { colorScheme } = root
  if (!colorScheme.includes('dark')) return 'light'
  const prefersDark = matchMedia('(prefers-color-scheme: dark)').matches
  return prefersDark || !colorScheme.includes('light') ? 'dark' : 'light'
}

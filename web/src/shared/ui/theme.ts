/*
 * Light, dark, or as the device: the theme of the settings, on the whole page. startup/theme.ts shows it before the first
 * paint and for other tabs, the settings panel when it changes.
 */
import { isTheme, THEMES, type Theme } from '../palette'
import { DARK, matches, onMedia } from './media'

const CHANGED = 'asocial.theme'

export function showTheme(theme: Theme) {
  const { style } = document.documentElement
  if (style.colorScheme === theme) return
  style.colorScheme = theme
  const metas = document.querySelectorAll('meta[name=theme-color]')
  // In index.html the light one is the first.
  metas.forEach((meta, i) => {
    const media = theme === THEMES[i] ? 'all' : 'not all'
    meta.setAttribute('media', theme === '' ? `(prefers-color-scheme: ${THEMES[i]})` : media)
  })
  const meta = document.querySelector('meta[name=color-scheme]')
  meta?.setAttribute('content', theme || 'light dark')
  dispatchEvent(new Event(CHANGED))
}

/** The theme in the stored settings. Where storage is forbidden, nothing changes. */
export function showStoredTheme() {
  try {
    const { theme } = JSON.parse(localStorage.getItem('asocial.settings') || '{}') as {
      theme?: unknown
    }
    showTheme(isTheme(theme) ? theme : '')
  } catch {
    // Then the page looks as the device does.
  }
}

export function isDark(): boolean {
  const { colorScheme } = document.documentElement.style
  return colorScheme ? colorScheme === 'dark' : matches(DARK)
}

/** Calls `changed` when `isDark` may have changed. Returns a function that ends it. */
export function onDark(changed: () => void): () => void {
  const stop = onMedia(DARK, changed)
  addEventListener(CHANGED, changed)
  return () => {
    removeEventListener(CHANGED, changed)
    stop()
  }
}

/*
 * Shows the chosen theme before the first paint, and when another tab changes it. It is a classic script that the browser
 * waits for, so it is tiny, and it has a hash in its name, so that the browser asks for it once (vite.config.ts).
 */
import { showStoredTheme } from '../src/shared/ui/theme'

showStoredTheme()
addEventListener('storage', showStoredTheme)

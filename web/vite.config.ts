/*
 * The page is a static bundle: one HTML file, hashed assets, nothing inline, so that a
 * content security policy of `default-src 'self'` holds. Every text file gets .br and .gz
 * siblings, so that a small server can hand out compressed bytes without compressing.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

export const OUT = '../src/asocial/page'

export function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    closeBundle() {
      for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(html|js|css|svg|webmanifest)$/.test(entry.name)) continue
        const path = join(entry.parentPath, entry.name)
        const bytes = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
        )
      }
    },
  }
}

/** Vite's own helper is three times as large, in the first load. */
function smallPreloadHelper(): Plugin {
  return {
    name: 'small-preload-helper',
    enforce: 'pre',
    apply: 'build',
    load: (id) =>
      id.endsWith('vite/preload-helper.js')
        ? "export { styled as __vitePreload } from '/src/shared/ui/styled.ts'"
        : undefined,
  }
}

/** What the parts of the build have in common; the others are vite.startup.config.ts and vite.offline.config.ts. */
export const SHARED_BUILD = {
  outDir: OUT,
  // Data URLs would need a wider content security policy.
  assetsInlineLimit: 0,
  // Its list of files would be in the first load; parts are fetched ahead of need (shared/ui/lazy.tsx).
  modulePreload: false,
  target: ['chrome123', 'firefox120', 'safari17.5'],
}

export default defineConfig({
  plugins: [react(), tailwind(), smallPreloadHelper(), precompress()],
  build: {
    ...SHARED_BUILD,
    emptyOutDir: true,
    rolldownOptions: {
      output: {
        // All that the first word needs is one file: what later parts share with it would else be split off,
        // and every file more is one more that a poor network can lose before anything can be typed.
        codeSplitting: { groups: [{ name: 'index', tags: ['$initial'] }] },
      },
    },
  },
  server: {
    proxy: { '/api': { target: 'http://localhost:8080', ws: true } },
  },
})

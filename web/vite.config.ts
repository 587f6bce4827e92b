/*
 * The page is a static bundle: one HTML file, hashed assets, nothing inline, so that a
 * content security policy of `default-src 'self'` holds. Every text file gets .br and .gz
 * siblings, so that a small server can hand out compressed bytes without compressing.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { build, defineConfig, type Plugin } from 'vite'

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

/** Vite's helper loads the style sheets and preloads of a part first. There are none here: see `cssCodeSplit`. */
function noPreloadHelper(): Plugin {
  return {
    name: 'no-preload-helper',
    enforce: 'pre',
    apply: 'build',
    load: (id) =>
      id.endsWith('vite/preload-helper.js')
        ? 'export const __vitePreload = (load) => load()'
        : undefined,
  }
}

/**
 * startup/theme.ts as a classic script of its own. The browser waits for it, and for nothing else before the first paint.
 */
function themeScript(): Plugin {
  let fileName = ''
  return {
    name: 'theme-script',
    apply: 'build',
    async buildStart() {
      const made = await build({
        configFile: false,
        publicDir: false,
        logLevel: 'warn',
        build: {
          write: false,
          target: 'es2017',
          rolldownOptions: { input: 'startup/theme.ts', output: { format: 'iife' } },
        },
      })
      const [chunk] = 'output' in made ? made.output : []
      if (chunk?.type !== 'chunk') throw new Error('startup/theme.ts was not built')
      const hash = createHash('sha256').update(chunk.code).digest('base64url').slice(0, 8)
      fileName = `assets/theme-${hash}.js`
      this.emitFile({ type: 'asset', fileName, source: chunk.code })
    },
    transformIndexHtml: (html) =>
      html.replace('<!--theme-->', `<script src="/${fileName}"></script>`),
  }
}

/** Fields of React's own objects that nothing outside React names, those that occur most. */
const REACT_FIELDS = [
  ...['memoizedState', 'memoizedProps', 'pendingProps', 'updateQueue', 'stateNode', 'elementType'],
  ...['alternate', 'sibling', 'subtreeFlags', 'deletions', 'childLanes', 'containerInfo'],
  ...['pendingLanes', 'suspendedLanes', 'pingedLanes', 'warmLanes', 'entangledLanes'],
  ...['entanglements', 'retryLane', 'callbackNode', 'callbackPriority', 'cancelPendingCommit'],
  ...['timeoutHandle', 'baseState', 'baseQueue', 'firstBaseUpdate', 'lastBaseUpdate', 'lastEffect'],
  ...['hasEagerState', 'eagerState', 'firstContext', 'cachePool', 'pooledCache', 'refCleanup'],
  ...['blockedOn', 'dehydrated', 'isDehydrated', 'tailMode', 'retryQueue', '_visibility'],
  ...['_fragmentFiber', '_eventListeners', 'optionsOrUseCapture', 'attachedListener'],
]

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
  resolve: { tsconfigPaths: true },
  plugins: [react(), tailwind(), noPreloadHelper(), themeScript(), precompress()],
  build: {
    ...SHARED_BUILD,
    emptyOutDir: true,
    // One style sheet: a part that is fetched later waits for no other file, and misses none.
    cssCodeSplit: false,
    // Terser, then Rolldown's minifier: 2 KiB less in the first load than the second alone (decision 0009).
    minify: 'terser',
    terserOptions: {
      module: true,
      ecma: 2020,
      compress: {
        passes: 3,
        // React's code for its browser extension; `npm run dev` keeps it.
        global_defs: { __REACT_DEVTOOLS_GLOBAL_HOOK__: undefined },
      },
      mangle: { properties: { regex: new RegExp(`^(?:${REACT_FIELDS.join('|')})$`) } },
    },
    rolldownOptions: {
      output: {
        minify: true,
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

/*
 * A part of the build of its own: embed/embed.ts as /embed.js, one classic script for pages of other sites. Beside it the
 * same bytes with a hash in their name, and embed.json, which says that name and the hash for the attribute `integrity`.
 */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'
import { OUT, precompress } from './vite.config.ts'

const LIMIT_BYTES = 30 * 1024

function versioned(): Plugin {
  return {
    name: 'versioned',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const script = bundle['embed.js']
        if (script?.type !== 'chunk' || Object.keys(bundle).length > 1) {
          throw new Error('the embed script must be one file, embed.js')
        }
        // A page of another encoding reads the script in its own. All else is in strings and templates.
        script.code = script.code.replace(
          /[^\n -~]/g,
          (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
        )
        const { length } = gzipSync(script.code, { level: 9 })
        console.log(
          `embed.js: ${(length / 1024).toFixed(1)} KiB gzip of at most ${LIMIT_BYTES / 1024} KiB`,
        )
        if (length > LIMIT_BYTES) throw new Error('embed.js is above its limit')
        const digest = createHash('sha384').update(script.code).digest()
        const name = digest.toString('base64url').replace(/[-_]/g, '').slice(0, 10)
        const fileName = `assets/embed-${name}.js`
        this.emitFile({ type: 'asset', fileName, source: script.code })
        const integrity = `sha384-${digest.toString('base64')}`
        const source = `${JSON.stringify({ src: `/${fileName}`, integrity }, null, 2)}\n`
        this.emitFile({ type: 'asset', fileName: 'embed.json', source })
      },
    },
  }
}

export default defineConfig({
  publicDir: false,
  resolve: { tsconfigPaths: true },
  plugins: [versioned(), precompress()],
  build: {
    outDir: OUT,
    emptyOutDir: false,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    minify: 'terser',
    terserOptions: { ecma: 2020, compress: { passes: 3 } },
    modulePreload: false,
    rolldownOptions: {
      input: 'embed/embed.ts',
      output: { format: 'iife', entryFileNames: 'embed.js', minify: true },
    },
  },
})

// What the main entry of @asocial/client adds to a page that uses all of it: bundled, minified, gzipped, and held under a
// limit (docs/decisions/0029-typescript-client.md).
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const LIMIT_BYTES = 8 * 1024

const { output } = await build({
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  build: {
    write: false,
    target: 'es2022',
    minify: 'terser',
    terserOptions: { module: true, ecma: 2020, compress: { passes: 3 } },
    modulePreload: false,
    rolldownOptions: {
      input: fileURLToPath(new URL('../../packages/client/src/index.ts', import.meta.url)),
      preserveEntrySignatures: 'strict',
      output: { minify: true },
    },
  },
})
const code = output.map((chunk) => chunk.code).join('')
const { length } = gzipSync(code, { level: 9 })
const kib = (bytes) => `${(bytes / 1024).toFixed(2)} KiB`
console.log(`@asocial/client: ${kib(length)} gzip of at most ${kib(LIMIT_BYTES)}`)
if (process.argv.includes('--print')) console.log(code)
if (length > LIMIT_BYTES) process.exit(1)

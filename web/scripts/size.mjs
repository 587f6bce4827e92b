// What a first visit downloads as JavaScript, held under a limit (docs/decisions/0009-static-page.md). The limit is for
// brotli, which browsers ask for over https. Gzip is printed beside it: they get that over plain http.
// Counted from the built index.html: its modules, what it preloads, and whatever those import in turn. Parts that
// are imported on demand do not count here; tests/browser/test_start.py sees to it that they come on demand.
import { readFileSync } from 'node:fs'

const PAGE = new URL('../../src/asocial/page/', import.meta.url)
const LIMIT_BYTES = 90 * 1024

const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`
const html = readFileSync(new URL('index.html', PAGE), 'utf8')
const files = new Set(
  [...html.matchAll(/(?:src|href)="\/((?:assets\/)?[^"/]+\.js)"/g)].map((m) => m[1]),
)
const total = { br: 0, gz: 0 }
for (const file of files) {
  // A set grows while it is walked: what this file imports at once is counted after it.
  for (const [, name] of readFileSync(new URL(file, PAGE), 'utf8').matchAll(
    /(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g,
  )) {
    files.add(`assets/${name}`)
  }
  for (const kind of ['br', 'gz']) {
    const { length } = readFileSync(new URL(`${file}.${kind}`, PAGE))
    total[kind] += length
  }
}
console.log(
  `first-load JavaScript: ${kib(total.br)} brotli of at most ${kib(LIMIT_BYTES)} (${kib(total.gz)} gzip) in ${[...files].join(', ')}`,
)
if (files.size === 0 || total.br > LIMIT_BYTES) {
  console.error(files.size === 0 ? 'no script found in index.html' : 'above the limit')
  process.exit(1)
}

// What a first visit downloads as JavaScript, gzipped, held under a limit (docs/decisions/0009-static-page.md).
// Counted from the built index.html: its modules, what it preloads, and whatever those import in turn. Parts that
// are imported on demand do not count here; tests/browser/test_start.py sees to it that they come on demand.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const PAGE = new URL('../../src/asocial/page/', import.meta.url)
const LIMIT_BYTES = 102 * 1024

const html = readFileSync(new URL('index.html', PAGE), 'utf8')
const files = new Set(
  [...html.matchAll(/(?:src|href)="\/((?:assets\/)?[^"/]+\.js)"/g)].map((m) => m[1]),
)
let total = 0
for (const file of files) {
  const code = readFileSync(new URL(file, PAGE))
  // A set grows while it is walked: what this file imports at once is counted after it.
  for (const [, name] of code
    .toString()
    .matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g)) {
    files.add(`assets/${name}`)
  }
  const size = gzipSync(code, { level: 9 }).length
  console.log(`${file}: ${(size / 1024).toFixed(1)} KB gzip`)
  total += size
}
console.log(
  `first-load JavaScript: ${(total / 1024).toFixed(1)} KB gzip of ${LIMIT_BYTES / 1024} KB`,
)
if (files.size === 0 || total > LIMIT_BYTES) {
  console.error(files.size === 0 ? 'no script found in index.html' : 'above the limit')
  process.exit(1)
}

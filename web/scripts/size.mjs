// What a first visit downloads as JavaScript, gzipped, held under a limit (DESIGN, section 7).
// Counted from the built index.html: the entry module and everything it preloads.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const PAGE = new URL('../../src/asocial/page/', import.meta.url)
const LIMIT_BYTES = 100 * 1024

const html = readFileSync(new URL('index.html', PAGE), 'utf8')
const files = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]))
let total = 0
for (const file of files) {
  const size = gzipSync(readFileSync(new URL(file, PAGE)), { level: 9 }).length
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

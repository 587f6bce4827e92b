/*
 * The last part of the build: the offline page and its service worker, after the page itself. Apart, so
 * that they share no chunk with it: the offline page has to be whole in the cache on its own.
 *
 * The worker is told what to keep, and which build it belongs to: a hash over all files of the build, so that any
 * change of the page makes a new worker.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { OUT, precompress, SHARED_BUILD } from './vite.config.ts'

const PACKED = /\.(br|gz)$/

function describeBuild(): Plugin {
  return {
    name: 'describe-build',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle['sw.js']
        if (worker?.type !== 'chunk') throw new Error('the service worker is not in the bundle')
        const made = Object.values(bundle).filter((each) => each !== worker)
        const hash = createHash('sha256')
        for (const path of pageFiles())
          hash.update(`${path}\n`).update(readFileSync(join(OUT, path)))
        for (const each of made) {
          hash.update(`${each.fileName}\n`).update(each.type === 'chunk' ? each.code : each.source)
        }
        const shell = made.map(({ fileName }) => `/${fileName}`).sort()
        worker.code = worker.code
          .replaceAll('__BUILD__', JSON.stringify(hash.digest('hex').slice(0, 16)))
          .replaceAll('__SHELL__', JSON.stringify(shell))
      },
    },
  }
}

function pageFiles(): string[] {
  return readdirSync(OUT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !PACKED.test(entry.name))
    .map((entry) => relative(OUT, join(entry.parentPath, entry.name)))
    .sort()
}

export default defineConfig({
  plugins: [describeBuild(), precompress()],
  publicDir: false,
  build: {
    ...SHARED_BUILD,
    emptyOutDir: false,
    rolldownOptions: {
      input: { offline: 'offline.html', sw: 'offline/worker.ts' },
      output: {
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
})

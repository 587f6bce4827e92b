/*
 * The unit tests: the page's, and those of the client that it is built on.
 */
import { defineConfig, mergeConfig } from 'vitest/config'
import page from './vite.config.ts'

export default mergeConfig(
  page,
  defineConfig({
    test: { include: ['tests/**/*.test.ts', '../packages/client/tests/**/*.test.ts'] },
  }),
)

/*
 * The unit tests: the page's, and those of the client that it is built on.
 *
 * The page's share their modules in each worker, which saves two thirds of their CPU time: a test leaves stores and
 * timers as it found them. The client's replace `WebSocket` and the clock in the whole process, so each file has a
 * process of its own.
 */
import { defineConfig, mergeConfig } from 'vitest/config'
import page from './vite.config.ts'

export default mergeConfig(
  page,
  defineConfig({
    test: {
      // Far more than any test takes, also on a busy machine.
      testTimeout: 60_000,
      projects: [
        {
          extends: true,
          test: { name: 'page', include: ['tests/**/*.test.ts'], isolate: false },
        },
        {
          extends: true,
          test: { name: 'client', include: ['../packages/client/tests/**/*.test.ts'] },
        },
      ],
    },
  }),
)

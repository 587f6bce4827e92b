/*
 * The second part of the build: startup/startup.ts as /startup.js, for browsers that are too old for the page too. It has no
 * hash in its name, so that one build's page finds another build's; it is therefore asked for again each time.
 */
import { defineConfig } from 'vite'
import { OUT } from './vite.config.ts'

export default defineConfig({
  publicDir: false,
  build: {
    outDir: OUT,
    emptyOutDir: false,
    target: 'es2017',
    rolldownOptions: {
      input: 'startup/startup.ts',
      output: { format: 'iife', entryFileNames: 'startup.js' },
    },
  },
})

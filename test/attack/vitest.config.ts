// `npm run test:attack`: not part of `npm test`, because it holds a machine that is its own against bounds in time
// and memory.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'attack',
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/attack/*.attack.ts'],
    globalSetup: ['test/support/build.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    slowTestThreshold: 60_000,
  },
})

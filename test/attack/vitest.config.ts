// `npm run test:attack`, which needs a machine of its own. `npm test` leaves it out: it compares measurements with bounds in time
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

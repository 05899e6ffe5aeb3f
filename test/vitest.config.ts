import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const E2E = 'test/*.e2e.test.ts'

const common = {
  root: fileURLToPath(new URL('..', import.meta.url)),
  // RSA keys are made in many files and real processes are started in some.
  testTimeout: 30_000,
  hookTimeout: 60_000,
}

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    root: common.root,
    projects: [
      { test: { ...common, name: 'tests', include: ['test/**/*.test.ts'], exclude: [E2E] } },
      // They measure how long things take: one after the other, and after all others.
      {
        test: {
          ...common,
          name: 'end to end',
          include: [E2E],
          sequence: { groupOrder: 1 },
          fileParallelism: false,
        },
      },
    ],
  },
})

// `npm run test:packages`, a step of `npm run check`: clones, archives, installations and their faults, the verifier's
// package under other compilers, and worked examples in a copy of the project. `npm test` leaves them out, because they
// install, build and compile.
import { defineConfig } from 'vitest/config'
import config, { PACKAGES, built } from '../../vitest.config.ts'

export default defineConfig({
  test: {
    ...config.test,
    projects: [{ test: { ...built, name: 'packages', include: [PACKAGES] } }],
  },
})

// `npm run test:packages`, a step of `npm run check`: clones, archives and releases under a real npm. `npm test` leaves
// them out, because they install packages and build.
import { defineConfig } from 'vitest/config'
import config, { built } from '../../vitest.config.ts'

export default defineConfig({
  test: {
    ...config.test,
    projects: [{ test: { ...built, name: 'packages', include: ['test/packages/*.test.ts'] } }],
  },
})

// `npm run test:browser`, a step of `npm run check`: the pages in Chromium. `npm test` leaves them out.
import { defineConfig } from 'vitest/config'
import config, { BROWSER } from '../../vitest.config.ts'

export default defineConfig({
  test: {
    ...config.test,
    projects: [BROWSER],
  },
})

// Configuration of tests in a copy of the tree. No global setup: the copy has been built, with the mutation in it.
import { defineConfig } from 'vitest/config'
import config, { BROWSER, PROJECTS } from '../../vitest.config.ts'

export default defineConfig({
  test: {
    ...config.test,
    bail: 1,
    projects: [...PROJECTS, BROWSER].map((project) => ({
      ...project,
      test: { ...project.test, globalSetup: [] },
    })),
  },
})

// In a copy of the tree, which has been built already, as far as the mutation lets it.
import { defineConfig } from 'vitest/config'
import config, { PROJECTS } from '../../vitest.config.ts'

export default defineConfig({
  test: {
    ...config.test,
    bail: 1,
    projects: PROJECTS.map((project) => ({
      ...project,
      test: { ...project.test, globalSetup: [] },
    })),
  },
})

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { FOLDER } from './test/support/memory-folder.ts'

const root = fileURLToPath(new URL('.', import.meta.url))
const CORES = Math.max(2, availableParallelism())

const PROCESSES = 'test/process/**/*.test.ts'
/** Files that wait for 10 s and more, the longest first. The units need the cores meanwhile. */
const WAITING = ['shutdown', 'connections', 'http', 'workers'].map(
  (name) => `test/process/${name}.test.ts`,
)
/** Suite of its own (`npm run test:packages`). */
export const PACKAGES = 'test/packages/**/*.test.ts'
const TIMED = 'test/*.e2e.test.ts'
/** Files that replace a module with `vi.mock`. A module that another file has loaded would not be replaced. */
const MOCKS = [
  'test/oauth/constant-time.test.ts',
  'test/oauth/equal-work.test.ts',
  'test/oauth/token-authentication.test.ts',
  'test/verifier/web-crypto.test.ts',
]

/** Suite of its own (`npm run test:browser`). */
const BROWSERS = 'test/browser/*.test.ts'

/** The verifier's source instead of its build, so that the server's source needs no build. */
const fromSource = {
  alias: [
    { find: /^@latchkey\/verifier$/, replacement: `${root}src/verifier/index.ts` },
    { find: /^@latchkey\/verifier\/internal$/, replacement: `${root}src/verifier/internal.ts` },
  ],
}

const common = {
  root,
  setupFiles: ['test/support/end-of-file.ts'],
  env: { TMPDIR: FOLDER },
  // Limits for a busy machine. Some tests make RSA keys.
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // Most tests of processes wait, and so do many of the verifier.
  maxWorkers: 2 * CORES,
}

/** Starts what `npm run build` makes. */
export const built = {
  ...common,
  globalSetup: ['test/support/build.ts'],
  testTimeout: 100_000,
  hookTimeout: 100_000,
}

/** Waiting files that begin with the run. More would occupy every worker of two cores, which then idle. */
const WAITING_AT_ONCE = 2

/**
 * Starts the two longest waiting files first, and the others after a third of the units. The mocks
 * come before the units, because a worker of the units loads the server once.
 */
class WaitingBesideUnits extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const units = sorted.filter(({ project }) => project.name === 'units')
    const others = sorted.filter(({ project }) => !['units', 'waiting'].includes(project.name))
    const waiting = WAITING.flatMap((name) =>
      sorted.filter(
        ({ project, moduleId }) => project.name === 'waiting' && moduleId.endsWith(name),
      ),
    )
    const third = Math.ceil(units.length / 3)
    return [
      ...waiting.slice(0, WAITING_AT_ONCE),
      ...others,
      ...units.slice(0, third),
      ...waiting.slice(WAITING_AT_ONCE),
      ...units.slice(third),
    ]
  }
}

/** Projects of one group run together, and the groups one after the other. */
export const PROJECTS = [
  {
    resolve: fromSource,
    test: {
      ...common,
      name: 'units',
      include: ['test/**/*.test.ts'],
      exclude: [PROCESSES, PACKAGES, BROWSERS, TIMED, ...MOCKS],
      // Files of one worker share its modules: loading the server takes longer than most tests of it.
      isolate: false,
      // Concurrent tests of a verifier wait for its timers and need little of a core.
      maxConcurrency: 20,
    },
  },
  { resolve: fromSource, test: { ...common, name: 'mocks', include: MOCKS } },
  { test: { ...built, name: 'waiting', include: WAITING, isolate: false } },
  {
    test: {
      ...built,
      name: 'processes',
      include: [PROCESSES],
      exclude: WAITING,
      isolate: false,
      maxWorkers: 3 * CORES,
      sequence: { groupOrder: 1 },
    },
  },
  // Measures time, so it runs after all others. Its files run together: their bounds are ten times what they measure.
  {
    test: {
      ...built,
      name: 'end to end',
      include: [TIMED],
      sequence: { groupOrder: 2 },
    },
  },
]

/** Pages in a real browser. */
export const BROWSER = {
  resolve: fromSource,
  test: { ...common, name: 'browser', include: [BROWSERS], isolate: false, testTimeout: 60_000 },
}

export default defineConfig({
  test: {
    root,
    globalSetup: ['test/support/memory-folder.ts'],
    projects: PROJECTS,
    sequence: { sequencer: WaitingBesideUnits },
  },
})

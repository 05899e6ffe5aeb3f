// `npm run check`: every check besides the tests, one after the other. Prints `N passed, N failed`; each step counts one.
// `.ci/run` runs it after the tests and adds its counts.
import { spawnSync } from 'node:child_process'

/** Name of each step, and the arguments of its `npm run`. */
const STEPS = [
  ['format', ['format:check']],
  ['lint', ['lint']],
  ['prose', ['lint:prose']],
  ['type check', ['typecheck']],
  ['build', ['build']],
  ['packages', ['test:packages']],
  ['browser', ['test:browser']],
  ['demo', ['recording', '--', '--check']],
  ['benchmark guard', ['bench', '--', '--guard']],
]

const run = (name, args) => {
  process.stdout.write(`\n== ${name}\n`)
  const { status } = spawnSync('npm', ['run', '--silent', ...args], { stdio: 'inherit' })
  if (status !== 0) process.stdout.write(`FAILED: ${name}\n`)
  return status === 0
}

const MAX_SUBJECT_CHARS = 72
/** Newest commits that are examined. */
const COMMITS = 20

/** Refuses long subjects of the newest commits. An export of the tree has no commits. */
const checkSubjects = () => {
  process.stdout.write('\n== commit subjects\n')
  const { stdout } = spawnSync('git', ['log', `-${COMMITS}`, '--format=%s'], { encoding: 'utf8' })
  const long = (stdout ?? '').split('\n').filter((line) => line.length > MAX_SUBJECT_CHARS)
  for (const line of long) process.stdout.write(`over ${MAX_SUBJECT_CHARS} characters: ${line}\n`)
  if (long.length > 0) process.stdout.write('FAILED: commit subjects\n')
  return long.length === 0
}

const results = [checkSubjects(), ...STEPS.map(([name, args]) => run(name, args))]
const passed = results.filter(Boolean).length
const failed = results.length - passed
process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

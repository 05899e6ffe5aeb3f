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
  ['demo', ['demo']],
  ['benchmark guard', ['bench', '--', '--guard']],
]

const run = (name, args) => {
  process.stdout.write(`\n== ${name}\n`)
  const { status } = spawnSync('npm', ['run', '--silent', ...args], { stdio: 'inherit' })
  if (status !== 0) process.stdout.write(`FAILED: ${name}\n`)
  return status === 0
}

const passed = STEPS.filter(([name, args]) => run(name, args)).length
const failed = STEPS.length - passed
process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

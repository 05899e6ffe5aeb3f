// `npm run test:mutations`: removes one check after the other in a copy of the tree, and runs the tests that must fail.
// `-- --only TEXT` runs the mutations whose name or file contains the text; `-- --list` lists all mutations.
import { execFile, execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Mutation } from './mutation.ts'
import { MUTATIONS } from './table.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COPIED = [
  'src',
  'test',
  'drizzle',
  'scripts',
  'examples',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'vitest.config.ts',
  'SECURITY.md',
]
/** Limit for one run of tests, in milliseconds: code without a check may never end. */
const RUN_MS = 180_000

type Outcome = 'killed' | 'survived' | 'not run' | 'no match'

/** Links the installed packages, except @latchkey/verifier, which is the copy's own source. */
const linkPackages = (copy: string): void => {
  const modules = join(ROOT, 'node_modules')
  mkdirSync(join(copy, 'node_modules', '@latchkey'), { recursive: true })
  for (const name of readdirSync(modules)) {
    if (name === '@latchkey') continue
    symlinkSync(join(modules, name), join(copy, 'node_modules', name))
  }
  symlinkSync(join(copy, 'src/verifier'), join(copy, 'node_modules/@latchkey/verifier'))
}

const makeCopy = (): string => {
  const copy = mkdtempSync(join(tmpdir(), 'latchkey-mutations-'))
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }))
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  linkPackages(copy)
  build(copy)
  return copy
}

/** Builds the copy. A type error that a mutation causes is ignored: tsc writes its output nevertheless. */
const build = (copy: string): void => {
  try {
    execFileSync('npx', ['tsc', '-p', 'src/verifier'], { cwd: copy, stdio: 'ignore' })
  } catch {}
  execFileSync(process.execPath, ['scripts/bundle.mjs'], { cwd: copy, stdio: 'ignore' })
}

type Report = { numFailedTests: number; numPassedTests: number }

/** @returns null where no test ran */
const runTests = (copy: string, { tests, titles }: Mutation): Promise<Report | null> => {
  const output = join(copy, 'report.json')
  rmSync(output, { force: true })
  const config = ['--config', 'test/mutations/vitest.config.ts']
  const report = ['--reporter=json', `--outputFile=${output}`]
  const named = titles === undefined ? [] : ['-t', titles]
  const args = ['vitest', 'run', ...config, ...report, ...named, ...tests]
  return new Promise((resolve) => {
    execFile('npx', args, { cwd: copy, timeout: RUN_MS }, () => {
      try {
        const found = JSON.parse(readFileSync(output, 'utf8')) as Report
        resolve(found.numFailedTests + found.numPassedTests > 0 ? found : null)
      } catch {
        resolve(null)
      }
    })
  })
}

const needsBuild = ({ tests }: Mutation): boolean =>
  tests.some((path) => path.startsWith('test/process/'))

const mutate = async (copy: string, mutation: Mutation): Promise<Outcome> => {
  const path = join(copy, mutation.file)
  const text = readFileSync(path, 'utf8')
  const [before = '', after, ...more] = text.split(mutation.find)
  if (after === undefined || more.length > 0) return 'no match'
  try {
    writeFileSync(path, before + mutation.replace + after)
    if (needsBuild(mutation)) build(copy)
    const report = await runTests(copy, mutation)
    if (report === null) return 'not run'
    return report.numFailedTests > 0 ? 'killed' : 'survived'
  } finally {
    writeFileSync(path, text)
    if (needsBuild(mutation)) build(copy)
  }
}

const { values } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean' } } })
const only = values.only ?? ''
const chosen = MUTATIONS.filter(({ name, file }) => `${name} ${file}`.includes(only))

if (values.list === true) {
  for (const { name, stops, file } of chosen) console.log(`${name}: ${file} (${stops} …)`)
  process.exit()
}

const copy = makeCopy()
let failed = 0
for (const mutation of chosen) {
  const began = Date.now()
  const outcome = await mutate(copy, mutation)
  if (outcome !== 'killed') failed += 1
  console.log(`${outcome}: ${mutation.name} (${((Date.now() - began) / 1000).toFixed(0)} s)`)
}
console.log(`${chosen.length - failed} passed, ${failed} failed`)
process.exit(failed === 0 && chosen.length > 0 ? 0 : 1)

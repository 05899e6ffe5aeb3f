// The worked examples of CONTRIBUTING.md are followed in a copy of the project: they compile, and their tests pass.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { blocksOf, followExamples } from '../docs/examples.ts'

const blocks = blocksOf('CONTRIBUTING.md')
const files = blocks.map(({ path }) => path).filter((path) => path.endsWith('.ts'))

/** Tests that read a table, a page or a contract of the examples. */
const INDIRECT = [
  'test/oauth/endpoints.test.ts',
  'test/docs/readme.test.ts',
  'test/admin/reference-words.test.ts',
  'test/store/better-sqlite3.test.ts',
]
/** Tests that need a build, which the copy does not have. */
const STARTS_PROCESSES = /^test\/process\//

const { folder, remove } = followExamples(blocks)
afterAll(remove)

/** Output of a program in the copy; of one that fails, too. */
const run = (...args: string[]): string => {
  try {
    const env = { ...process.env, NO_COLOR: '1' }
    return execFileSync('npx', args, { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return `failed\n${stdout}${stderr}`
  }
}

describe('worked examples of CONTRIBUTING.md', () => {
  it('compile', () => {
    const config = { extends: './tsconfig.json', files, include: [] }
    writeFileSync(join(folder, 'tsconfig.examples.json'), JSON.stringify(config))
    expect(run('tsc', '-p', 'tsconfig.examples.json')).toBe('')
  }, 120_000)

  it('pass their tests', () => {
    const shown = files.filter((path) => path.endsWith('.test.ts') && !STARTS_PROCESSES.test(path))
    const tests = [...shown, ...INDIRECT]
    const config = ['--config', 'test/mutations/vitest.config.ts']
    const named = ['-t', 'whoami|README|hasClients|epochShow|meaning']
    expect(run('vitest', 'run', ...config, ...named, ...tests)).toMatch(/Tests {2}\d\d passed/)
  }, 120_000)
})

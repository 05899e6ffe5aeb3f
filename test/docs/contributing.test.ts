// The worked examples of CONTRIBUTING.md are followed in a copy of the project: they compile, and their tests pass.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, resolveConfig } from 'prettier'
import { afterAll, describe, expect, it } from 'vitest'
import { blocksOf, followExamples } from './examples.ts'
import { ROOT, pathsIn, readPage } from './support.ts'

const PAGE = 'CONTRIBUTING.md'
const blocks = blocksOf(PAGE)
const files = blocks.map(({ path }) => path).filter((path) => path.endsWith('.ts'))
const created = blocks.filter(({ kind }) => kind === 'ts').map(({ path }) => path)

/** Tests that read a table, a page or a contract of the examples. */
const INDIRECT = [
  'test/oauth/endpoints.test.ts',
  'test/docs/readme.test.ts',
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

describe('CONTRIBUTING.md', () => {
  it('names files that exist, or that its examples create', () => {
    const missing = pathsIn(readPage(PAGE)).filter((path) => !existsSync(join(ROOT, path)))
    expect(missing.filter((path) => !created.includes(path))).toEqual([])
  })

  it('names scripts that package.json has', () => {
    const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> }
    const named = [...readPage(PAGE).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })

  it('creates files that do not exist yet', () => {
    expect(created.length).toBeGreaterThan(4)
    const taken = created.filter((path) => existsSync(join(ROOT, path)))
    const remedy = 'rename the example of CONTRIBUTING.md: your change has taken its name'
    expect(taken, remedy).toEqual([])
  })

  it('has examples that compile', () => {
    const config = { extends: './tsconfig.json', files, include: [] }
    writeFileSync(join(folder, 'tsconfig.examples.json'), JSON.stringify(config))
    expect(run('tsc', '-p', 'tsconfig.examples.json')).toBe('')
  }, 120_000)

  it.each(files)('has a formatted example in %s', async (path) => {
    const filepath = join(folder, path)
    const options = { ...(await resolveConfig(join(ROOT, 'package.json'))), filepath }
    expect(await check(readFileSync(filepath, 'utf8'), options)).toBe(true)
  })

  it('has examples whose tests pass', () => {
    const shown = files.filter((path) => path.endsWith('.test.ts') && !STARTS_PROCESSES.test(path))
    const tests = [...shown, ...INDIRECT]
    const config = ['--config', 'test/mutations/vitest.config.ts']
    const named = ['-t', 'whoami|README|hasClients|epochShow']
    expect(run('vitest', 'run', ...config, ...named, ...tests)).toMatch(/Tests {2}\d\d passed/)
  }, 120_000)
})

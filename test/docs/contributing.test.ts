// Names in CONTRIBUTING.md, and the form of its worked examples. They are compiled and run by test/packages/worked-examples.test.ts.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, resolveConfig } from 'prettier'
import { afterAll, describe, expect, it } from 'vitest'
import { blocksOf, followExamples } from './examples.ts'
import { ROOT, pathsIn, readPage } from './support.ts'

const PAGE = 'CONTRIBUTING.md'
const blocks = blocksOf(PAGE)
const files = blocks.map(({ path }) => path).filter((path) => path.endsWith('.ts'))
const created = blocks.filter(({ kind }) => kind === 'ts').map(({ path }) => path)

const { folder, remove } = followExamples(blocks)
afterAll(remove)

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

  it.each(files)('has a formatted example in %s', async (path) => {
    const filepath = join(folder, path)
    const options = { ...(await resolveConfig(join(ROOT, 'package.json'))), filepath }
    expect(await check(readFileSync(filepath, 'utf8'), options)).toBe(true)
  })
})

// Checks the table of the mutation runs, and the table of requirements and tests in SECURITY.md.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { MUTATIONS } from './mutations/table.ts'
import { textsOf } from './prose/texts.ts'
import { attacksOf, faultsOf } from './support/requirements.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8')

const attacks = attacksOf(read('SECURITY.md'))

const titlesOf = (path: string): string[] | null => {
  if (!existsSync(`${ROOT}${path}`)) return null
  const texts = textsOf(path, read(path))
  return texts.filter(({ kind }) => kind === 'title').map(({ text }) => text)
}

describe('mutation', () => {
  it.each(MUTATIONS)('$name has its text in $file exactly once', ({ file, find, replace }) => {
    expect(read(file).split(find)).toHaveLength(2)
    expect(replace).not.toBe(find)
  })

  it('has a unique name', () => {
    const names = MUTATIONS.map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  it('lists test files that exist, and one attack of SECURITY.md', () => {
    const tests = new Set(MUTATIONS.flatMap((mutation) => mutation.tests))
    expect([...tests].filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([])
    const stopped = MUTATIONS.map(({ stops }) =>
      attacks.filter(({ name }) => name.startsWith(stops)),
    )
    expect(MUTATIONS.filter((_, i) => stopped[i]?.length !== 1).map(({ name }) => name)).toEqual([])
  })
})

describe('SECURITY.md', () => {
  it('has a test for each requirement and a mutation for each attack', () => {
    expect(attacks.length).toBeGreaterThan(40)
    expect(attacks.flatMap(({ requirements }) => requirements).length).toBeGreaterThan(120)
    expect(faultsOf(attacks, { titlesOf, mutations: MUTATIONS })).toEqual([])
  })

  it('lists each attack once', () => {
    const names = attacks.map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })
})

describe('page of attacks', () => {
  const surroundings = {
    titlesOf: (path: string) =>
      ({ 'test/a.test.ts': ['refuses a wrong key'], 'test/empty.ts': [] })[path] ?? null,
    mutations: [{ name: 'key', stops: 'Theft', tests: ['test/a.test.ts'] }],
  }
  const pageOf = (rows: string, heading = 'Theft of a key'): string =>
    `# Security\n\n## Keys\n\n### ${heading}\n\n| requirement | test |\n|---|---|\n${rows}\n\n## Rest\n\n| a | b |\n`
  const faults = (page: string): string[] => faultsOf(attacksOf(page), surroundings)

  it('is complete with a test for each requirement and a mutation', () => {
    const rows = '| One. | `a.test.ts` “a wrong key” |\n| | `a.test.ts` |\n| Two. | `a.test.ts` |'
    expect(faults(pageOf(rows))).toEqual([])
    const [attack] = attacksOf(pageOf(rows))
    expect(attack?.requirements.map(({ text, tests }) => [text, tests.length])).toEqual([
      ['One.', 2],
      ['Two.', 1],
    ])
  })

  it.each([
    ['a requirement without a test', '| One. | |', 'One.: no test'],
    ['a file that does not exist', '| One. | `b.test.ts` |', 'One.: test/b.test.ts does not exist'],
    ['a file without tests', '| One. | `empty.ts` |', 'One.: test/empty.ts has no test'],
    [
      'a title that the file does not have',
      '| One. | `a.test.ts` “a right key” |',
      'One.: test/a.test.ts has no title with “a right key”',
    ],
    ['a test without a requirement', '| | `a.test.ts` |', 'a test without a requirement'],
    ['an attack without requirements', '', 'no requirement'],
  ])('has a fault: %s', (_, rows, fault) => {
    expect(faults(pageOf(rows))).toContain(`Theft of a key: ${fault}`)
  })

  it('has a fault when a mutation or its test is missing', () => {
    const rows = '| One. | `a.test.ts` |'
    expect(faults(pageOf(rows, 'Loss of a key'))).toEqual(['Loss of a key: no mutation'])
    const mutations = [{ name: 'key', stops: 'Theft', tests: ['test/c.test.ts'] }]
    expect(faultsOf(attacksOf(pageOf(rows)), { ...surroundings, mutations })).toEqual([
      'Theft of a key: no test is named that the mutation “key” runs',
    ])
  })
})

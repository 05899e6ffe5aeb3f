// Reads the attacks and requirements of SECURITY.md, and finds those without a test or a mutation. Pure: no I/O.
import { CONTRACT, type Mutation } from '../mutations/mutation.ts'

/** `path` is relative to the root. `title` is a part of a test's title, or null for the whole file. */
export type NamedTest = { path: string; title: string | null }
export type Requirement = { text: string; tests: readonly NamedTest[] }
export type Attack = { name: string; requirements: readonly Requirement[] }

/** Head of the table in each section of an attack. */
const TABLE_HEAD = '| requirement | test |\n|---|---|\n'

/** A path below `test/` in backquotes, and a title in typographic quotation marks. */
const NAMED_TEST = /`([^`]+\.ts)`(?: “([^”]+)”)?/g

const testsOf = (cell: string): NamedTest[] =>
  [...cell.matchAll(NAMED_TEST)].map(([, path = '', title]) => ({
    path: `test/${path}`,
    title: title ?? null,
  }))

/** Cells of a row: requirements and titles contain no bar. */
const cellsOf = (row: string): [requirement: string, test: string] => {
  const [, requirement = '', test = ''] = row.split('|')
  return [requirement.trim(), test.trim()]
}

/** Reads the requirements of a table. A row without a requirement adds a test to the row above. */
const requirementsOf = (table: string): Requirement[] => {
  const requirements: { text: string; tests: NamedTest[] }[] = []
  for (const row of table.split('\n').filter((line) => line.startsWith('|'))) {
    const [text, cell] = cellsOf(row)
    const above = requirements.at(-1)
    if (text === '' && above !== undefined) above.tests.push(...testsOf(cell))
    else requirements.push({ text, tests: testsOf(cell) })
  }
  return requirements
}

/** Reads the attacks of the page, one below each heading of the third level. */
export const attacksOf = (page: string): Attack[] =>
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [name = ''] = section.split('\n', 1)
      const [, table = ''] = (section.split(/^## /m)[0] ?? '').split(TABLE_HEAD)
      return { name, requirements: requirementsOf(table) }
    })

/** True where a mutation's test file runs the named file. The test of each driver runs all files of the contract. */
const runs = (mutated: string, named: string): boolean =>
  mutated === named || (mutated === CONTRACT && named.startsWith('test/store/contract/'))

type Surroundings = {
  /** Titles of the tests in a file, null where there is no such file. */
  titlesOf(path: string): readonly string[] | null
  mutations: readonly Pick<Mutation, 'name' | 'stops' | 'tests'>[]
}

const faultOfTest = ({ path, title }: NamedTest, { titlesOf }: Surroundings): string | null => {
  const titles = titlesOf(path)
  if (titles === null) return `${path} does not exist`
  if (titles.length === 0) return `${path} has no test`
  if (title === null || titles.some((one) => one.includes(title))) return null
  return `${path} has no title with “${title}”`
}

const faultsOfMutations = (
  { name, requirements }: Attack,
  mutations: Surroundings['mutations'],
): string[] => {
  const own = mutations.filter(({ stops }) => name.startsWith(stops))
  if (own.length === 0) return ['no mutation']
  const paths = requirements.flatMap(({ tests }) => tests.map(({ path }) => path))
  return own
    .filter(({ tests }) => !tests.some((mutated) => paths.some((path) => runs(mutated, path))))
    .map((mutation) => `no test is named that the mutation “${mutation.name}” runs`)
}

/** Lists the faults. Each begins with its attack and, where it has one, its requirement. */
export const faultsOf = (attacks: readonly Attack[], surroundings: Surroundings): string[] =>
  attacks.flatMap((attack) => {
    const { name, requirements } = attack
    if (requirements.length === 0) return [`${name}: no requirement`]
    const ofRequirements = requirements.flatMap(({ text, tests }) => {
      if (text === '') return [`${name}: a test without a requirement`]
      if (tests.length === 0) return [`${name}: ${text}: no test`]
      const faults = tests.map((test) => faultOfTest(test, surroundings))
      return faults.filter((fault) => fault !== null).map((fault) => `${name}: ${text}: ${fault}`)
    })
    const ofMutations = faultsOfMutations(attack, surroundings.mutations)
    return [...ofRequirements, ...ofMutations.map((fault) => `${name}: ${fault}`)]
  })

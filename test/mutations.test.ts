// The table of the mutation runs fits the code, and each row of SECURITY.md has a check in it.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { MUTATIONS } from './mutations/table.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8')

const [defended = '', tested = ''] = read('SECURITY.md').split(/^## .*row$/m)
const firstColumn = (table: string): string[] =>
  [...table.matchAll(/^\| ([^|]+) \|/gm)].map(([, text = '']) => text).slice(1)

const attacks = firstColumn(defended)

describe('each mutation', () => {
  it.each(MUTATIONS)('$name: its text is in $file exactly once', ({ file, find, replace }) => {
    expect(read(file).split(find)).toHaveLength(2)
    expect(replace).not.toBe(find)
  })

  it('has a name of its own', () => {
    const names = MUTATIONS.map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  it('names test files that exist, and one row of SECURITY.md', () => {
    const tests = new Set(MUTATIONS.flatMap((mutation) => mutation.tests))
    expect([...tests].filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([])
    const rows = MUTATIONS.map(({ stops }) => attacks.filter((attack) => attack.startsWith(stops)))
    expect(MUTATIONS.filter((_, i) => rows[i]?.length !== 1).map(({ name }) => name)).toEqual([])
  })
})

describe('SECURITY.md', () => {
  it('has the tests of each of its rows', () => {
    expect(attacks.length).toBeGreaterThan(20)
    expect(firstColumn(tested)).toEqual(attacks)
  })

  it('names test files that exist', () => {
    const named = [...tested.matchAll(/`([\w/-]+(?:\.\w+)?\.ts)`/g)].map(
      ([, path]) => `test/${path}`,
    )
    expect(named.length).toBeGreaterThan(attacks.length)
    expect(named.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([])
  })

  it('has for each row a check that the mutation runs take out', () => {
    const checked = (attack: string) => MUTATIONS.some(({ stops }) => attack.startsWith(stops))
    expect(attacks.filter((attack) => !checked(attack))).toEqual([])
  })
})

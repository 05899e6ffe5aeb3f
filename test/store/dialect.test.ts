// Steps and tables are written for any database engine: words that only SQLite has are in its dialect.
import { describe, expect, it } from 'vitest'
import { importsOf, sources } from '../support/imports.ts'

const WORDS: readonly RegExp[] = [
  /\bjson(_\w+)?\(/,
  /\bgroup_concat\b/,
  /\b(indexed by|not indexed)\b/,
  /\bcross join\b/,
  /\b(instr|iif|ifnull|glob|printf|hex|randomblob|typeof)\(/,
  /\b(unixepoch|strftime|julianday)\b/,
  /\b(insert or|replace into)\b/,
  /\b(rowid|autoincrement|pragma|changes\(\)|last_insert_rowid)\b/,
  /\bis(?: not)? \$\{/,
  /sqlite/i,
]

const COMMENT = /\/\*[^]*?\*\/|(?<=^|\s)\/\/.*$/gm
const TEMPLATE = /`[^]*?`/g

/** The text between a parenthesis and its partner, from the place behind the first. */
const inParentheses = (text: string, start: number): string => {
  let depth = 1
  let end = start
  for (; depth > 0 && end < text.length; end++) {
    if (text[end] === '(') depth++
    if (text[end] === ')') depth--
  }
  return text.slice(start, end - 1)
}

/** True for a list with a comma that is in no parenthesis of its own. */
const hasSeveral = (list: string): boolean => {
  let depth = 0
  for (const character of list) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (character === ',' && depth === 0) return true
  }
  return false
}

/** Calls of `max` or `min` with several values, which other engines name `greatest` and `least`. */
const scalarExtremes = (text: string): string[] =>
  [...text.matchAll(/(?<![.\w])(?:max|min)\(/g)]
    .filter((call) => hasSeveral(inParentheses(text, call.index + call[0].length)))
    .map(([call]) => call)

const sitesIn = (source: string): string[] => {
  const code = source.replaceAll(COMMENT, '')
  const statements = [...code.matchAll(TEMPLATE)].map(([text]) => text)
  const lines = code.split('\n')
  const quoted = lines.filter((line) => WORDS.some((word) => word.test(line)) && /[`']/.test(line))
  return [...quoted, ...statements.flatMap(scalarExtremes)]
}

const ofFolder = (folder: RegExp) => [...sources()].filter(([path]) => folder.test(path))
const NEUTRAL = /^store\/(steps|tables|types)\//

describe('check for words of SQLite', () => {
  it.each([
    'sql`select value from json_each(${list})`',
    "sql`json_group_array(json_object('id', id))`",
    'sql.raw(`${table} indexed by ${index}`)',
    'sql`max(${now}, coalesce((select at from clock), 0))`',
    'sql`where (select max(seq) from seals) is ${previous}`',
    "sql`substr(a, 1, instr(a, '.') - 1)`",
    "import { sqliteTable } from 'drizzle-orm/sqlite-core'",
    'sql`insert or ignore into clients`',
  ])('finds %s', (line) => {
    expect(sitesIn(line)).toHaveLength(1)
  })

  it.each([
    '// SQLite plans a statement anew at every execution: sql`json_each()`',
    'sql`select max(seq) from (select max(a, 1) from b)`.length, Math.max(1, 2)'.replace(
      'a, 1',
      'a',
    ),
    'sql`where (select max(seq) from seals) is not distinct from ${previous}`',
    'const list = json.list(sql`p.name`)',
  ])('accepts %s', (line) => {
    expect(sitesIn(line)).toEqual([])
  })

  it('finds the words in the dialect of SQLite', () => {
    const found = ofFolder(/^store\/sqlite\/dialect\.ts$/).flatMap(([, text]) => sitesIn(text))
    expect(found.length).toBeGreaterThan(15)
  })
})

describe('steps, tables and types of the store', () => {
  it('use no word of SQLite', () => {
    expect(ofFolder(NEUTRAL).length).toBeGreaterThan(40)
    const found = ofFolder(NEUTRAL).flatMap(([path, text]) =>
      sitesIn(text).map((site) => `${path}: ${site.trim()}`),
    )
    expect(found).toEqual([])
  })

  it('import no driver and no part of drizzle that belongs to one engine', () => {
    const packages = ofFolder(NEUTRAL).flatMap(([, text]) =>
      importsOf(text).filter(({ specifier }) => !specifier.startsWith('.')),
    )
    const names = new Set(packages.map(({ specifier }) => specifier))
    expect([...names].toSorted()).toEqual(['drizzle-orm/sql', 'node:crypto'])
  })
})

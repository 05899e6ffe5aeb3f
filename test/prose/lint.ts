// `npm run lint:prose [-- folder or file …]`: lists comments, test titles and sentences of pages that begin without a
// noun or a verb, and texts with a vague term. Fails where 2 % or more begin so, or one text has such a term.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { judge, textsOfFile } from './judge.ts'

const PLACES = [
  'src',
  'test',
  'bench',
  'examples',
  'drizzle',
  'scripts',
  'vitest.config.ts',
  'docs',
]
const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']
const SKIPPED = /(^|\/)(node_modules|dist)\//

const filesOf = (place: string): string[] =>
  statSync(place).isFile()
    ? [place]
    : readdirSync(place, { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.(ts|mjs|cjs|md)$/.test(path))
        .map((path) => join(place, path))

const exists = (place: string): boolean => statSync(place, { throwIfNoEntry: false }) !== undefined

const named = process.argv.slice(2)
const places = named.length > 0 ? named : [...PLACES, ...PAGES].filter(exists)
const files = places.flatMap(filesOf).filter((path) => !SKIPPED.test(path))
const { faults, summary, passes } = judge(
  files.toSorted().flatMap((path) => textsOfFile(path, readFileSync(path, 'utf8'))),
)
for (const line of [...faults, ...summary, `${files.length} files`]) console.log(line)
if (!passes) process.exitCode = 1

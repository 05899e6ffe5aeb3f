// `npm run lint:prose [folder or file …]`: lists comments and test titles that begin without a noun or a verb, and
// fails where they are 2 % or more.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beginsWithOpener } from './openers.ts'
import { textsOf } from './texts.ts'

const FOLDERS = ['src', 'test', 'bench', 'examples', 'drizzle', 'vitest.config.ts']
const SKIPPED = /(^|\/)(node_modules|dist)\//

/** Percent of all texts; below it the check passes. */
const LIMIT = 2

const filesOf = (place: string): string[] =>
  statSync(place).isFile()
    ? [place]
    : readdirSync(place, { recursive: true, encoding: 'utf8' })
        .filter((path) => /\.(ts|mjs|cjs)$/.test(path))
        .map((path) => join(place, path))

const exists = (place: string): boolean => statSync(place, { throwIfNoEntry: false }) !== undefined

const places = process.argv.length > 2 ? process.argv.slice(2) : FOLDERS.filter(exists)
const files = places.flatMap(filesOf).filter((path) => !SKIPPED.test(path))
const texts = files
  .toSorted()
  .flatMap((path) => textsOf(path, readFileSync(path, 'utf8')).map((text) => ({ ...text, path })))
const found = texts.filter(({ text }) => beginsWithOpener(text))

for (const { path, line, kind, text } of found) {
  console.log(
    `${path}:${line}: ${kind} begins without a noun or a verb: ${text.trim().split('\n')[0]}`,
  )
}

const countOf = (list: typeof texts, kind: string): number =>
  list.filter((text) => text.kind === kind).length
const percent = texts.length === 0 ? 0 : (100 * found.length) / texts.length
console.log(
  `${found.length} of ${texts.length} comments and titles (${percent.toFixed(2)} %, limit ${LIMIT} %): ` +
    `${countOf(found, 'comment')} of ${countOf(texts, 'comment')} comments, ` +
    `${countOf(found, 'title')} of ${countOf(texts, 'title')} titles, in ${files.length} files`,
)
if (files.length === 0 || percent >= LIMIT) process.exitCode = 1

// Commands for copying: none has a secret or token as an argument, which every user can read.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const filesBelow = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path) && !/(^|\/)(dist|node_modules)\//.test(path))
    .map((path) => join(folder, path))

const FILES = [
  'README.md',
  'SECURITY.md',
  'src/verifier/README.md',
  ...filesBelow('docs', /\.md$/),
  ...filesBelow('examples', /\.(md|mjs|sh)$/),
  ...filesBelow('src', /\.ts$/),
]

/** Options of curl and similar programs whose value is a credential. */
const IN_ARGUMENTS =
  /(?:-u|--user|--oauth2-bearer) ?["'$]|(?:-H|--header) ?["']authorization:|curl[^\n]*(?:client_secret|token)=\$/i

it.each(FILES)('commands in %s have no credential as an argument', (path) => {
  const lines = readFileSync(path, 'utf8').split('\n')
  expect(lines.filter((line) => IN_ARGUMENTS.test(line))).toEqual([])
})

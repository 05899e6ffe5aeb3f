// The import graph of src/, read from the source text. Finds imports at the start of a line only.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

export type Import = { specifier: string; typeOnly: boolean }

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\('([^']+)'\)/g

export const importsOf = (text: string): Import[] => [
  ...[...text.matchAll(STATEMENT)].map((m) => ({
    specifier: m[2] ?? '',
    typeOnly: m[1] !== undefined,
  })),
  ...[...text.matchAll(DYNAMIC)].map((m) => ({ specifier: m[1] ?? '', typeOnly: false })),
]

/** Every source file, by its path below src/, with its text. */
export const sources = (): Map<string, string> =>
  new Map(
    readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.includes('/dist/'))
      .map((path) => [path, readFileSync(join(SRC, path), 'utf8')]),
  )

/** The path below src/ to which a relative import resolves. */
export const resolved = (from: string, specifier: string): string =>
  normalize(join(dirname(from), specifier))

/** Imports that exist when the program runs: files below src/, and packages. */
export const runtimeImports = (
  path: string,
  text: string,
): { files: string[]; packages: string[] } => {
  const specifiers = importsOf(text)
    .filter(({ typeOnly }) => !typeOnly)
    .map(({ specifier }) => specifier)
  return {
    files: specifiers.filter((s) => s.startsWith('.')).map((s) => resolved(path, s)),
    packages: specifiers.filter((s) => !s.startsWith('.')),
  }
}

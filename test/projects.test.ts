// The projects of vitest.config.ts: a test that starts a built program is in the project that
// builds it.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { importsOf, resolved } from './support/imports.ts'

const TEST = fileURLToPath(new URL('.', import.meta.url))

/** Modules that start the build, and the text of a path into it. */
const STARTERS = ['support/processes.ts', 'support/commands.ts', 'packages/verifier/installed.ts']
const BUILD = /['"./](src\/verifier\/)?dist\/(?!\(|\.)[\w/-]+\.js/

/** Tests that write files with the names of a build, and start none of them. */
const WRITERS = ['cli/doctor.test.ts']

const read = (path: string): string => readFileSync(join(TEST, path), 'utf8')

const importedBy = (path: string): string[] =>
  importsOf(read(path))
    .filter(({ typeOnly }) => !typeOnly)
    .map(({ specifier }) => specifier)
    .filter((specifier) => /^\..*\.ts$/.test(specifier))
    .map((specifier) => resolved(path, specifier))
    .filter((imported) => existsSync(join(TEST, imported)) && !imported.startsWith('..'))

const startsBuild = (path: string, seen = new Set<string>()): boolean => {
  if (seen.has(path)) return false
  seen.add(path)
  if (STARTERS.includes(path)) return true
  if (BUILD.test(read(path)) && !WRITERS.includes(path)) return true
  return importedBy(path).some((imported) => startsBuild(imported, seen))
}

const FILES = readdirSync(TEST, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') && path !== 'projects.test.ts')
  .filter((path) => !path.endsWith('.e2e.test.ts'))

it('startsBuild finds the tests that start a process', () => {
  expect(startsBuild('process/shutdown.test.ts')).toBe(true)
  expect(startsBuild('process/verifier/follower-process.test.ts')).toBe(true)
  expect(startsBuild('json.test.ts')).toBe(false)
})

it('tests outside test/process and test/packages start no built program', () => {
  const outside = FILES.filter((path) => !/^(process|packages)\//.test(path))
  expect(outside.length).toBeGreaterThan(100)
  expect(outside.filter((path) => startsBuild(path))).toEqual([])
})

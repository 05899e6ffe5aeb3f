// Builds the verifier and the server before tests that start them, unless the build is newer than its sources.
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFastBuild } from './fast-build.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Files that a build writes last: one of the server, one of the verifier. */
const OUTPUTS = ['dist/cli.js', 'src/verifier/dist/cjs/package.json']
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json']

const modifiedAt = (path: string): number =>
  statSync(join(ROOT, path), { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Lists the sources with their folders, whose times change when a file is removed or renamed. */
const sources = (): string[] => {
  const entries = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  const own = entries.filter((path) => !/^verifier(\/dist(\/|$)|$)/.test(path))
  return [...own.map((path) => `src/${path}`), ...SETTINGS]
}

const isUpToDate = (): boolean => {
  const built = Math.min(...OUTPUTS.map(modifiedAt))
  return sources().every((path) => modifiedAt(path) < built)
}

const build = (): void => {
  const began = new Date()
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  // A source that is saved during the build is newer than its outputs, so that the next run builds again.
  for (const path of OUTPUTS) utimesSync(join(ROOT, path), began, began)
}

export const setup = async (): Promise<void> => {
  if (!isUpToDate()) build()
  await makeFastBuild()
}

// npm in a folder of its own: a clone with its build, an empty project.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, newDirectory } from './processes.ts'

/** Files of a clone that npm, the build and the server read. */
const CLONED = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts',
  'src',
  'drizzle',
  'examples',
  'dist',
]

/** Copies the project with its build, without its packages. A copied build is as new as this one. */
export const newClone = (): string => {
  const clone = newDirectory()
  for (const name of CLONED) {
    cpSync(join(ROOT, name), join(clone, name), {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !path.includes('node_modules'),
    })
  }
  return clone
}

const BINARY = 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'

/** Gives an installation the compiled driver of this one, which takes a minute to compile. */
export const copyDriver = (project: string): void => {
  mkdirSync(join(project, BINARY, '..'), { recursive: true })
  cpSync(join(ROOT, BINARY), join(project, BINARY))
}

/** Codes of npm for a registry that does not answer, or answers with 429 or 5xx. */
const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|ENOTCACHED|E429|E50[0-4])\b/

/** Installs packages without their scripts, from npm's cache where it can. @returns false without the registry */
export const canInstall = (project: string, ...args: string[]): boolean => {
  const options = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  const { status, stderr } = spawnSync('npm', [...args, ...options, '--fetch-retries=0'], {
    cwd: project,
    encoding: 'utf8',
  })
  if (status !== 0 && !UNREACHABLE.test(stderr)) throw new Error(`npm ${args[0]}: ${stderr}`)
  return status === 0
}

/** Packs this project. @returns the path of the archive */
export const packProject = (): string => {
  const folder = newDirectory()
  // Scripts of the project would build below the running tests.
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    stdio: 'ignore',
  })
  return join(folder, String(readdirSync(folder)[0]))
}

/** Returns the files of a build with their times. */
export const buildTimes = (clone: string): string[] =>
  ['dist', 'src/verifier/dist'].flatMap((folder) =>
    readdirSync(join(clone, folder), { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map((path) => `${path} ${statSync(join(clone, folder, path)).mtimeMs}`),
  )

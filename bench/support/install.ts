// Installs what the benchmarks compare with, from bench/package-lock.json. The project does not depend on it.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const BENCH = fileURLToPath(new URL('..', import.meta.url))

const age = (path: string): number => statSync(path).mtimeMs

/** Runs `npm ci` unless the installed packages are those of the lock file. */
export const install = (): void => {
  const installed = `${BENCH}node_modules/.package-lock.json`
  const lock = `${BENCH}package-lock.json`
  if (existsSync(installed) && age(installed) >= age(lock)) return
  const args = ['ci', '--prefix', BENCH, '--no-audit', '--no-fund', '--ignore-scripts', '--silent']
  const { status } = spawnSync('npm', args, { stdio: 'inherit' })
  if (status !== 0) throw new Error('npm ci failed in bench/')
}

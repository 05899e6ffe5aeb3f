// Machine and versions of a run, for the document.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'

const GIGABYTE = 2 ** 30

export type Environment = {
  date: string
  commit: string
  processor: string
  cores: number
  memory: string
  system: string
  node: string
  openssl: string
  /** Load average of a minute before the section: about 0 on a quiet machine. */
  load: string
}

const FOLDERS = ['../node_modules/', '../../node_modules/']

/** Version of an installed package: that of bench/package.json, or else the project's. */
export const versionOf = (name: string): string => {
  const files = FOLDERS.map((folder) =>
    fileURLToPath(new URL(`${folder}${name}/package.json`, import.meta.url)),
  )
  const file = files.find((path) => existsSync(path))
  if (file === undefined) return 'not installed'
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** Abbreviated commit of the tree, with a mark if files differ from it; empty without a repository. */
const commit = (): string => {
  try {
    const run = (...args: string[]): string =>
      execFileSync('git', args, { encoding: 'utf8' }).trim()
    const paths = ['src', 'bench', 'package-lock.json', ':!bench/results.json']
    const changed = run('status', '--porcelain', '--', ...paths) !== ''
    return `${run('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`
  } catch {
    return ''
  }
}

export const environment = (): Environment => ({
  date: new Date().toISOString().slice(0, 10),
  commit: commit(),
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memory: `${(totalmem() / GIGABYTE).toFixed(1)} GiB`,
  system: `${type()} ${release()}`,
  node: process.versions.node,
  openssl: process.versions.openssl,
  load: (loadavg()[0] ?? NaN).toFixed(1),
})

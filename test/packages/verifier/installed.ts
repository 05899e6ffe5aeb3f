// Package in the layout of an installation: packed, in a project of its own, with its one
// dependency.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export type Installed = {
  readonly project: string
  /** Folder of the package in the project. */
  readonly home: string
  /** Paths in the archive. */
  readonly packed: readonly string[]
  readonly write: (path: string, text: string) => void
  /** Runs a command in the project. @returns its output @throws when it fails */
  readonly run: (command: string, ...args: string[]) => string
  readonly remove: () => void
}

export const installPackage = (): Installed => {
  const project = mkdtempSync(join(tmpdir(), 'latchkey-package-'))
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, {
      cwd: project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', project], {
    cwd: 'src/verifier',
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [first] = Object.values(JSON.parse(output) as Record<string, { filename: string }>)
  const archive = String(first?.filename)
  const home = join(project, 'node_modules', '@latchkey', 'verifier')
  mkdirSync(home, { recursive: true })
  run('tar', '-xzf', archive, '-C', home, '--strip-components=1')
  cpSync('node_modules/jose', join(project, 'node_modules', 'jose'), { recursive: true })
  return {
    project,
    home,
    packed: run('tar', '-tzf', archive).trim().split('\n'),
    write(path, text) {
      const file = join(project, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    },
    run,
    remove: () => rmSync(project, { recursive: true, force: true }),
  }
}

/**
 * Finds a tool that is too large for this project in the folder LATCHKEY_TOOLS (`npm i --prefix DIR
 * jest@29`, and so on; see .ci/run).
 */
export const toolOf = (path: string): string | undefined => {
  const folder = process.env['LATCHKEY_TOOLS']
  const file = folder === undefined ? undefined : join(folder, 'node_modules', path)
  return file !== undefined && existsSync(file) ? file : undefined
}

// Terminals: shells in which a test types the commands of a page, one block after the other. Variables stay.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atEndOfFile } from './cleanups.ts'
import type { Place } from './places.ts'
import { CLI, ROOT } from './processes.ts'
import { until } from './until.ts'

const BUILT = join(ROOT, 'dist', 'cli.js')

/** Mark behind the output of a block. No text of the product contains it. */
const MARK = '\u0000'

/** The programs of a clone, without the network: `npx latchkey`, `npm ci`, `npm start`. `doctor` examines a whole build. */
const PROGRAMS = `
latchkey() { case "$1" in doctor) "$NODE" "$BUILT" "$@" ;; *) "$NODE" "$CLI" "$@" ;; esac; }
npx() { "$@"; }
npm() { case "$1" in ci) ;; start) latchkey serve --next-steps ;; *) false ;; esac; }
`
/** Reads names of files, and runs each file as a part of this shell. The first failure ends it. */
const LOOP = `
set -e
while read -r file; do . "$file" </dev/null; printf '\\0'; printf '\\0' >&2; done
`

/** Opens a shell in the folder of a place. It ends with the test file, and so do the processes that it has started. */
export const openTerminal = ({ directory, environment }: Place) => {
  const child = spawn('/bin/sh', ['-c', PROGRAMS + LOOP], {
    cwd: directory,
    env: {
      ...environment,
      PATH: process.env['PATH'],
      HOME: directory,
      NODE: process.execPath,
      CLI,
      BUILT,
    },
    detached: true, // a group of processes, which one signal reaches
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  let hasEnded = false
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      hasEnded = true
      resolve()
    })
  })
  atEndOfFile(async () => {
    if (!hasEnded && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
    await ended
  })

  let blocks = 0
  /** Starts a block without waiting for its end. */
  const occupy = (commands: string): void => {
    said.stdout = ''
    said.stderr = ''
    const file = join(directory, `.block-${child.pid}-${blocks++}.sh`)
    writeFileSync(file, commands)
    child.stdin.write(`${file}\n`)
  }
  const withoutMark = (text: string): string => text.replace(MARK, '')
  return {
    occupy,
    /** Returns what the latest block has printed so far, and processes that it left behind. */
    printed: (): string => withoutMark(said.stdout),
    /** Runs a block to its end. */
    async run(commands: string): Promise<{ failed: boolean; stdout: string; stderr: string }> {
      occupy(commands)
      const isDone = () => said.stdout.includes(MARK) && said.stderr.includes(MARK)
      await until('the end of the commands', () => isDone() || hasEnded)
      const [stdout, stderr] = [withoutMark(said.stdout), withoutMark(said.stderr)]
      return { failed: !isDone(), stdout, stderr }
    },
  }
}

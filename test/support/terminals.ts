// Terminals: shells in which a test types the commands of a page, one block after the other. Variables stay.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { atEndOfFile } from './cleanups.ts'
import type { Place } from './places.ts'
import { runCommand } from './commands.ts'
import { CLI } from './processes.ts'
import { until } from './until.ts'

/** Mark behind the output of a block. No text of the product contains it. */
const MARK = '\u0000'

/**
 * The programs of a clone, without the network: `npx latchkey`, `npm ci`, `npm start`. A command runs in the process that has
 * loaded the command line, which saves 0.15 s of a core. A server gets a process.
 */
const PROGRAMS = `
latchkey() {
  [ "$1" = serve ] && { "$NODE" "$CLI" "$@"; return; }
  call=$(mktemp -d "$HOME/.call-XXXXXX")
  printf '%s\\0' "$@" >"$call/args"
  env -0 >"$call/environment"
  cat >"$call/stdin"
  code=$(curl -sS --unix-socket "$COMMANDS" "http://commands$call")
  cat "$call/stderr" >&2
  cat "$call/stdout"
  return "$code"
}
npx() { "$@"; }
npm() { case "$1" in ci) ;; start) latchkey serve --next-steps ;; *) false ;; esac; }
`
/** Reads names of files, and runs each file as a part of this shell. The first failure ends it. */
const LOOP = `
set -e
while read -r file; do . "$file" </dev/null; printf '\\0'; printf '\\0' >&2; done
`

const splitAtNul = (text: string): string[] => text.split('\0').slice(0, -1)

/** Runs the command whose folder a shell has prepared, and returns its exit status. */
const runIn = async (call: string, directory: string): Promise<number> => {
  const read = (name: string): string => readFileSync(join(call, name), 'utf8')
  const variables = splitAtNul(read('environment')).map((line) => line.split(/=(.*)/s).slice(0, 2))
  const { code, stdout, stderr } = await runCommand({
    directory,
    environment: Object.fromEntries(variables) as Record<string, string>,
    args: splitAtNul(read('args')),
    stdin: read('stdin'),
  })
  writeFileSync(join(call, 'stdout'), stdout)
  writeFileSync(join(call, 'stderr'), stderr)
  return code ?? 1
}

let sockets = 0

/** Opens a socket at which shells run commands in a folder. It closes with the test file. */
const listenForCommands = (directory: string): string => {
  // The path of a socket has at most 107 characters.
  const path = join(directory, `.commands-${sockets++}`)
  const server = createServer((request, response) => {
    void runIn(request.url ?? '', directory).then(
      (code) => response.end(String(code)),
      (error: Error) => response.destroy(error),
    )
  })
  server.listen(path)
  atEndOfFile(() => server.close())
  return path
}

/** Opens a shell in the folder of a place. It ends with the test file, and so do the processes that it has started. */
export const openTerminal = ({ directory, environment }: Place) => {
  const socket = listenForCommands(directory)
  const child = spawn('/bin/sh', ['-c', PROGRAMS + LOOP], {
    cwd: directory,
    env: {
      ...environment,
      PATH: process.env['PATH'],
      HOME: directory,
      NODE: process.execPath,
      CLI,
      COMMANDS: socket,
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

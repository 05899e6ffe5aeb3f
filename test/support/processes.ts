// Real processes of the built command line and server. Each has only the variables that a test names.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { atEndOfFile } from './cleanups.ts'
import { runCommand } from './commands.ts'
import { fastestBuild } from './fast-build.ts'
import { type Place, newDirectory } from './places.ts'
import { until } from './until.ts'

export * from './places.ts'
export { LIMIT_MS, until } from './until.ts'

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const CLI = join(fastestBuild(), 'cli.js')
const FIRST_START = fileURLToPath(new URL('first-start.mjs', import.meta.url))

export type Exit = { code: number | null; signal: NodeJS.Signals | null }
export type Output = Exit & { stdout: string; stderr: string }
export type LogLine = Record<string, unknown> & { msg: string }
export type ServerProcess = Awaited<ReturnType<typeof startServer>>

const running = new Set<Child>()

const endProcesses = async (): Promise<void> => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all([...running].map(({ ended }) => ended))
}

export type Child = ReturnType<typeof start>

/** Starts a command and collects its output. `ended` settles when the process and its output have ended. */
export const start = (place: Where, args: readonly string[], script = CLI) =>
  startProgram(place, process.execPath, [script, ...args])

/** Starts a line of shell. $NODE and $CLI are the program and the script of `start`. */
export const startShell = ({ directory, environment }: Where, line: string) =>
  startProgram(
    { directory, environment: { ...environment, NODE: process.execPath, CLI } },
    '/bin/sh',
    ['-c', line],
  )

type Where = Pick<Place, 'directory' | 'environment'>

const startProgram = (
  { directory, environment }: Where,
  program: string,
  args: readonly string[],
) => {
  const child = spawn(program, args, { cwd: directory, env: environment, stdio: 'pipe' })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text))
  child.stdin.on('error', () => {}) // a command may end before it reads its input
  const ended = endOf(child).then((exit): Output => {
    running.delete(started)
    return { ...exit, ...said }
  })
  const started = { child, said, ended }
  if (running.size === 0) atEndOfFile(endProcesses)
  running.add(started)
  return started
}

const endOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })

/** Starts a process that makes one first start after the other (first-start.mjs). */
export const startStarter = async () => {
  const { child, said } = start({ directory: newDirectory(), environment: {} }, [], FIRST_START)
  let answers = 0
  const answer = () =>
    until('an answer of the process', () => {
      const lines = said.stdout.split('\n').slice(0, -1)
      return lines.length > answers && lines[answers++]
    })
  expect(await answer()).toBe('ready')
  return {
    /** Makes a first start. Returns `done` or the message of the failure. */
    firstStart(directory: string): Promise<string> {
      child.stdin.write(`${directory}\n`)
      return answer()
    },
  }
}

/** Runs a command to its end in a separate process. */
export const latchkeyProcess = (
  place: Where,
  args: readonly string[],
  stdin = '',
): Promise<Output> => {
  const { child, ended } = start(place, args)
  child.stdin.end(stdin)
  return ended
}

/** Commands that start servers. */
const SERVING = ['serve', 'demo']

/** Runs a command to its end. A command that starts a server, or that has options for Node.js, gets a separate process. */
export const latchkey = (place: Where, args: readonly string[], stdin = ''): Promise<Output> =>
  SERVING.includes(args[0] ?? '') || 'NODE_OPTIONS' in place.environment
    ? latchkeyProcess(place, args, stdin)
    : runCommand({ directory: place.directory, environment: place.environment, args, stdin })

/** Runs a command with `--json`, which must print one value and nothing else. */
export const latchkeyJson = async <T = Record<string, unknown>>(
  place: Place,
  args: readonly string[],
  stdin = '',
): Promise<T> => {
  const { stdout, ...rest } = await latchkey(place, [...args, '--json'], stdin)
  expect(rest, args.join(' ')).toEqual({ code: 0, signal: null, stderr: '' })
  return JSON.parse(stdout) as T
}

/** Creates the command line of a place. Arguments with spaces follow the text of the command. */
export const createCli = (place: Place) => {
  const run = (command: string, ...rest: string[]) =>
    latchkey(place, [...command.split(' '), ...rest])
  const fails = async (code: 1 | 2, line: RegExp, words: [string, ...string[]]): Promise<void> => {
    const { stderr, ...rest } = await run(...words)
    expect(rest, words.join(' ')).toEqual({ code, signal: null, stdout: '' })
    expect(stderr).toMatch(/^[^\n]+\n$/)
    expect(stderr).toMatch(line)
  }
  return {
    json: <T = Record<string, unknown>>(command: string, ...rest: string[]) =>
      latchkeyJson<T>(place, [...command.split(' '), ...rest]),
    /** Runs a command without `--json`. */
    async text(command: string, ...rest: string[]): Promise<string> {
      const { stdout, ...outcome } = await run(command, ...rest)
      expect(outcome, command).toEqual({ code: 0, signal: null, stderr: '' })
      return stdout
    },
    /** Checks that a command is refused: exit status 1 and one line. */
    refused: (line: RegExp, ...words: [string, ...string[]]) =>
      fails(1, new RegExp(`^latchkey: .*${line.source}`), words),
    /** Checks that a command is used wrongly: exit status 2 and one line. */
    misused: (line: RegExp, ...words: [string, ...string[]]) =>
      fails(2, new RegExp(`^error: .*${line.source}`), words),
  }
}

/** Starts `serve` and waits until all its workers listen. */
export const startServer = async (place: Place, script = CLI) => {
  const { child, said, ended } = start(place, ['serve'], script)
  const log = (): LogLine[] =>
    said.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LogLine)
  const logged = (message: string, times = 1): Promise<LogLine[]> =>
    until(`the log line "${message}"`, () => {
      const lines = log().filter(({ msg }) => msg === message)
      return lines.length >= times && lines
    })
  const server = {
    pid: child.pid ?? 0,
    said,
    ended,
    log,
    /** Waits for this number of lines with the message, and returns them. */
    logged,
    signal: (signal: NodeJS.Signals): boolean => child.kill(signal),
    async stop(): Promise<Output> {
      child.kill('SIGTERM')
      return await ended
    },
  }
  const refused = ended.then(({ code, stderr }) => {
    throw new Error(`the server ended with ${code}: ${stderr}`)
  })
  refused.catch(() => {}) // a later end is no failure of the start
  const workers = Number(place.environment['LATCHKEY_WORKERS']) || 1
  await Promise.race([logged('listening', workers), refused])
  return server
}

// Real processes of what is built: the command line and the server, each in a folder of its own and with no
// variables but those that a test names.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { atEndOfFile } from './cleanups.ts'
import { runCommand } from './commands.ts'
import { execute } from './database.ts'
import { fastestBuild } from './fast-build.ts'
import { until } from './until.ts'

export { LIMIT_MS, until } from './until.ts'

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const CLI = join(fastestBuild(), 'cli.js')
const FIRST_START = fileURLToPath(new URL('first-start.mjs', import.meta.url))

export type Exit = { code: number | null; signal: NodeJS.Signals | null }
export type Output = Exit & { stdout: string; stderr: string }
export type LogLine = Record<string, unknown> & { msg: string }
export type ServerProcess = Awaited<ReturnType<typeof startServer>>

/** A folder with a database of its own to be, and the variables of all that is run in it. */
export type Place = {
  directory: string
  port: number
  url: string
  environment: Record<string, string>
}

const running = new Set<Child>()
const directories: string[] = []

const endProcesses = async (): Promise<void> => {
  for (const { child } of running) child.kill('SIGKILL')
  await Promise.all([...running].map(({ ended }) => ended))
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
}

export const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-process-'))
  if (directories.push(directory) === 1) atEndOfFile(endProcesses)
  return directory
}

export const newPlace = async (environment: Record<string, string> = {}): Promise<Place> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  return {
    directory: newDirectory(),
    port,
    url,
    environment: { LATCHKEY_PORT: String(port), LATCHKEY_ISSUER: url, ...environment },
  }
}

/** The folder of a place after its first start, made once for a worker: two RSA keys take 0.25 s of a core to make. */
let seed: Promise<string> | undefined

const makeSeed = async (): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-seed-'))
  const { code, stderr } = await runCommand({
    directory,
    environment: {},
    args: ['migrate'],
    stdin: '',
  })
  if (code !== 0) throw new Error(`the first start failed: ${stderr}`)
  return directory
}

/** A place after its first start. All of them have the same keys and the same administrator. */
export const seededPlace = async (environment: Record<string, string> = {}): Promise<Place> => {
  const place = await newPlace(environment)
  cpSync(await (seed ??= makeSeed()), place.directory, { recursive: true })
  // A server warns of a stored clock that is more than a minute behind the wall clock.
  const now = Math.floor(Date.now() / 1000)
  const times = ['settled_at', 'latest_at', 'gap_since', 'ticked_at'].map(
    (name) => `${name} = ${now}`,
  )
  execute(place, `update server_clock set ${times.join(', ')}`)
  return place
}

/** The same place with further variables. */
export const withVariables = (place: Place, environment: Record<string, string>): Place => ({
  ...place,
  environment: { ...place.environment, ...environment },
})

/** For a second server on the same database. The issuer stays. */
export const onAnotherPort = async (place: Place): Promise<Place> => {
  const port = await freePort()
  const other = { ...place, port, url: `http://127.0.0.1:${port}` }
  return withVariables(other, { LATCHKEY_PORT: String(port) })
}

/** Below the ports that systems give to outgoing connections, so that it is still free when it is used. */
const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (free) return port
  }
}

export type Child = ReturnType<typeof start>

/** Starts a command and collects what it says. `ended` settles when its output has, too. */
export const start = (place: Where, args: readonly string[], script = CLI) =>
  startProgram(place, process.execPath, [script, ...args])

/** A line of shell, in which $NODE and $CLI are what `start` runs. */
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
  child.stdin.on('error', () => {}) // a command may end without reading it
  const ended = endOf(child).then((exit): Output => {
    running.delete(started)
    return { ...exit, ...said }
  })
  const started = { child, said, ended }
  running.add(started)
  return started
}

const endOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })

/** A process that makes first starts (see there), one after the other. */
export const startStarter = async () => {
  const { child, said } = start({ directory: newDirectory(), environment: {} }, [], FIRST_START)
  let answers = 0
  const answer = () =>
    until('the process that starts', () => {
      const lines = said.stdout.split('\n').slice(0, -1)
      return lines.length > answers && lines[answers++]
    })
  expect(await answer()).toBe('ready')
  return {
    /** @returns `done`, or why not */
    firstStart(directory: string): Promise<string> {
      child.stdin.write(`${directory}\n`)
      return answer()
    },
  }
}

/** Runs a command to its end, in a process of its own. */
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

/** Runs a command to its end. A command that starts a server, or with options of Node.js, has its own process. */
export const latchkey = (place: Where, args: readonly string[], stdin = ''): Promise<Output> =>
  SERVING.includes(args[0] ?? '') || 'NODE_OPTIONS' in place.environment
    ? latchkeyProcess(place, args, stdin)
    : runCommand({ directory: place.directory, environment: place.environment, args, stdin })

/** The one value that a command prints with `--json` when it succeeds, silently but for that. */
export const latchkeyJson = async <T = Record<string, unknown>>(
  place: Place,
  args: readonly string[],
  stdin = '',
): Promise<T> => {
  const { stdout, ...rest } = await latchkey(place, [...args, '--json'], stdin)
  expect(rest, args.join(' ')).toEqual({ code: 0, signal: null, stderr: '' })
  return JSON.parse(stdout) as T
}

/** The command line of a place. A command is written as one text, its arguments with spaces behind it. */
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
    /** What people read. */
    async text(command: string, ...rest: string[]): Promise<string> {
      const { stdout, ...outcome } = await run(command, ...rest)
      expect(outcome, command).toEqual({ code: 0, signal: null, stderr: '' })
      return stdout
    },
    /** Exit 1: one clear line, and nothing else. */
    refused: (line: RegExp, ...words: [string, ...string[]]) =>
      fails(1, new RegExp(`^latchkey: .*${line.source}`), words),
    /** Exit 2. */
    misused: (line: RegExp, ...words: [string, ...string[]]) =>
      fails(2, new RegExp(`^error: .*${line.source}`), words),
  }
}

/** Runs `serve` until its log says that it listens; with several workers, until all of them do. */
export const startServer = async (place: Place) => {
  const { child, said, ended } = start(place, ['serve'])
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
    /** The lines with this message, as soon as there are so many of them. */
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
  refused.catch(() => {}) // it ends some time, after which nobody asks any more
  const workers = Number(place.environment['LATCHKEY_WORKERS']) || 1
  await Promise.race([logged('listening', workers), refused])
  return server
}

// Starts Latchkey as an operator does: `node dist/node.js` with a database file, a log file and default settings.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { JSONWebKeySet } from 'jose'
import { atExit, newFolder } from './cleanups.ts'
import type { Credentials, Running } from './comparison.ts'

const START_LIMIT_MS = 60_000
const POLL_MS = 2
const METRICS_TOKEN = 'x'.repeat(43)

export const pathOf = (relative: string): string =>
  fileURLToPath(new URL(`../../${relative}`, import.meta.url))

/** A database and its keys, with the environment of a server and of its command line. */
export type Place = { folder: string; database: string; env: Record<string, string> }

export const newPlace = (folder = newFolder()): Place => {
  const database = join(folder, 'data', 'latchkey.db')
  const env = {
    LATCHKEY_ISSUER: 'http://localhost',
    LATCHKEY_PORT: '0',
    LATCHKEY_DATABASE_URL: `file:${database}`,
    LATCHKEY_KEYS_DIR: join(folder, 'keys'),
    LATCHKEY_METRICS_TOKEN: METRICS_TOKEN,
  }
  return { folder, database, env }
}

export type Server = Running & { child: ChildProcess }

/** @param settings more of the environment, such as LATCHKEY_WORKERS */
export const startLatchkey = async (
  { folder, env }: Place,
  settings: Record<string, string> = {},
): Promise<Server> => {
  if (!existsSync(pathOf('dist'))) throw new Error('there is no dist: npm run build makes it')
  const log = join(folder, `log-${process.hrtime.bigint()}`)
  const output = openSync(log, 'a')
  const child = spawn(process.execPath, [pathOf('dist/node.js')], {
    env: { ...env, ...settings },
    stdio: ['ignore', output, 'inherit'],
  })
  atExit(() => child.kill('SIGKILL'))
  const port = await listeningPort(child, log)
  const response = await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)
  return { port, pid: child.pid ?? 0, jwks: (await response.json()) as JSONWebKeySet, child }
}

/** Reads the port that the server chose from its log. */
const listeningPort = async (child: ChildProcess, log: string): Promise<number> => {
  for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await sleep(POLL_MS)) {
    const line = readFileSync(log, 'utf8')
      .split('\n')
      .find((text) => text.includes('"listening"'))
    if (line !== undefined) return (JSON.parse(line) as { port: number }).port
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
  }
  throw new Error('the server does not start')
}

/** Runs the command line of the build. @returns its JSON */
export const runCli = <T>({ env }: Place, args: readonly string[]): T => {
  const command = [pathOf('dist/cli.js'), ...args, '--json']
  return JSON.parse(execFileSync(process.execPath, command, { env, encoding: 'utf8' })) as T
}

/** Makes a typical client: in a workspace, for one plugin, with all permissions of an audience. */
export const createClient = (place: Place, more: readonly string[] = []): Credentials => {
  const grant = ['--plugin', 'com.example.plugin', '--grant', 'hook=hook:govern hook:track']
  const command = ['client', 'create', '--name', 'Benchmark', '--create-plugin', ...grant, ...more]
  const made = runCli<{ client_id: string; client_secret: string }>(place, command)
  return { clientId: made.client_id, secret: made.client_secret }
}

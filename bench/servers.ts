// Starts the two servers to compare, each as a separate process on a free port of 127.0.0.1.
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { JSONWebKeySet } from 'jose'

const START_LIMIT_MS = 20_000

export type Credentials = { clientId: string; secret: string }
export type Running = { port: number; pid: number; jwks: JSONWebKeySet }
export type BareServerSetup = Credentials & { claims: Record<string, unknown> }

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** Starts `node dist/node.js` as an operator does: a database file, a log file, default settings. */
export const startLatchkey = async (): Promise<Running & Credentials> => {
  if (!existsSync(pathOf('../dist'))) throw new Error('there is no dist: npm run build makes it')
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  atExit(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
  const env = {
    LATCHKEY_ISSUER: 'http://localhost',
    LATCHKEY_PORT: '0',
    LATCHKEY_DATABASE_URL: `file:${join(directory, 'data', 'latchkey.db')}`,
    LATCHKEY_KEYS_DIR: join(directory, 'keys'),
  }
  const log = join(directory, 'log')
  const output = openSync(log, 'a')
  const entry = pathOf('../dist/node.js')
  const child = spawn(process.execPath, [entry], { env, stdio: ['ignore', output, 'inherit'] })
  atExit(() => child.kill('SIGKILL'))
  const port = await listeningPort(child, log)
  const response = await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)
  const { pid = 0 } = child
  return { ...makeClient(env), port, pid, jwks: (await response.json()) as JSONWebKeySet }
}

/** Makes a typical client: in a workspace, for one plugin, with all permissions of an audience. */
const makeClient = (env: Record<string, string>): Credentials => {
  const grant = ['--plugin', 'com.example.plugin', '--grant', 'hook=hook:govern hook:track']
  const command = ['client', 'create', '--name', 'Benchmark', '--create-plugin', ...grant]
  const cli = [pathOf('../dist/cli.js'), ...command, '--json']
  const output = execFileSync(process.execPath, cli, { env, encoding: 'utf8' })
  const made = JSON.parse(output) as { client_id: string; client_secret: string }
  return { clientId: made.client_id, secret: made.client_secret }
}

/** Reads the port that the server chose from its log. */
const listeningPort = async (child: ChildProcess, log: string): Promise<number> => {
  for (const end = Date.now() + START_LIMIT_MS; Date.now() < end; await sleep(50)) {
    const line = readFileSync(log, 'utf8')
      .split('\n')
      .find((text) => text.includes('"listening"'))
    if (line !== undefined) return (JSON.parse(line) as { port: number }).port
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
  }
  throw new Error('the server does not start')
}

export const startBareServer = async (setup: BareServerSetup): Promise<Running> => {
  const child = fork(pathOf('./bare-server.ts'), { execArgv: ['--import', 'tsx'] })
  atExit(() => child.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    const late = setTimeout(reject, START_LIMIT_MS, new Error('the bare server does not start'))
    child.once('exit', (code) => reject(new Error(`the bare server ended with ${code}`)))
    child.once('message', (running) => {
      clearTimeout(late)
      resolve(running as Running)
    })
    child.send(setup)
  })
}

/** Reads the processor time that a process has used so far, in milliseconds; NaN without the /proc of Linux. */
export const processorMs = (pid: number): number => {
  const threads = `/proc/${pid}/task`
  if (!existsSync(threads)) return NaN
  const nanoseconds = readdirSync(threads).map((thread) =>
    Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, of) => sum + of, 0) / 1e6
}

const cleanups: (() => void)[] = []

/** Ends a server or removes its files when this process exits, also after an exception or a signal. */
const atExit = (cleanup: () => void): void => {
  cleanups.unshift(cleanup)
}
process.once('exit', () => {
  for (const cleanup of cleanups) cleanup()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

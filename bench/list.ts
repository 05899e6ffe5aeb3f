// Time in which a cold follower loads a revocation list of a million rules from one server: alone, four followers at
// once, and beside 60 hostile connections that request random cursors as fast as the server answers. Server, followers
// and hostile connections are separate processes on this machine. Fails where a bound is broken.
//   npm run bench:list [RULES]      (npm run build first)
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'

const RULES = Number(process.argv[2] ?? 1_000_000)
const PORT = 18_987
const HOSTILE_CONNECTIONS = 60
const ROUNDS = 3
const MAX_ALONE_MS = 5_000
const MAX_FOUR_MS = 8_000
const MAX_HOSTILE_FACTOR = 1.5
const MAX_SERVER_MEGABYTES = 400

const ISSUER = `http://127.0.0.1:${PORT}`
const LIST = `${ISSUER}/oauth/revocations`
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const FOLLOWER = `
import { createVerifier } from '@latchkey/verifier'
const verifier = createVerifier({ issuer: ${JSON.stringify(ISSUER)}, audience: 'hook' })
const began = performance.now()
const ready = async () => { try { await verifier.ready() } catch { await ready() } }
await ready()
const { entries } = verifier.status().revocations
console.log(JSON.stringify({ ms: performance.now() - began, rules: entries.jti }))
process.exit()`

/** Requests one random cursor after the other on each connection, until the process is ended. */
const attack = async (epoch: string): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: HOSTILE_CONNECTIONS })
  const ask = async (): Promise<void> => {
    const seq = String(Math.floor(Math.random() * RULES)).padStart(16, '0')
    const response = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      get(`${LIST}?after=${epoch}.${seq}`, { agent }, resolve).on('error', reject)
    })
    response.resume()
    await once(response, 'end')
  }
  await Promise.all(
    Array.from({ length: HOSTILE_CONNECTIONS }, async () => {
      for (;;) await ask().catch(() => {})
    }),
  )
}

const fill = (file: string): void => {
  const database = new BetterSqlite3(file)
  const expiresAt = Math.floor(Date.now() / 1000) + 3600
  database.exec(`
    insert into revocations (seq, kind, value, client_id, expires_at, created_at)
    with recursive n (i) as (select 1 union all select i + 1 from n where i < ${RULES})
    select i, 'jti', substr(replace(replace(hex(randomblob(16)), '0', '-'), '1', '_'), 1, 21) || 'A', 'lkc_1',
      ${expiresAt}, ${expiresAt - 3600} from n;
    update revocation_counter set seq = ${RULES}`)
  database.close()
}

const children: ChildProcess[] = []
process.once('SIGTERM', () => process.exit(1))
process.once('exit', () => children.forEach((child) => child.kill()))
const start = (args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) => {
  const env = { ...process.env, ...options.env }
  const child = spawn(process.execPath, args, {
    ...options,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return child
}

const lineOf = (child: ChildProcess, part: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += String(chunk)
      const line = said.split('\n').find((text) => text.includes(part))
      if (line !== undefined) resolve(line)
    })
    child.once('exit', () => reject(new Error(`a process has ended without saying ${part}`)))
  })

const coldFollower = async (): Promise<number> => {
  const child = start(['--input-type=module', '-e', FOLLOWER], { cwd: path('..') })
  const { ms, rules } = JSON.parse(await lineOf(child, '"ms"')) as { ms: number; rules: number }
  if (rules !== RULES) throw new Error(`a follower has ${rules} rules`)
  return ms
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

const measure = async (followers: number): Promise<number> => {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    times.push(Math.max(...(await Promise.all(Array.from({ length: followers }, coldFollower)))))
  }
  return median(times)
}

const megabytesOf = (pid: number | undefined): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const run = async (directory: string): Promise<void> => {
  const env = {
    LATCHKEY_ISSUER: ISSUER,
    LATCHKEY_PORT: String(PORT),
    LATCHKEY_DATABASE_URL: `file:${join(directory, 'latchkey.db')}`,
    LATCHKEY_KEYS_DIR: join(directory, 'keys'),
  }
  const server = start([path('../dist/cli.js'), 'serve'], { env, cwd: directory })
  await lineOf(server, 'listening')
  fill(join(directory, 'latchkey.db'))
  const first = await (await fetch(LIST)).text()
  const claims = Buffer.from(first.split('.')[1] ?? '', 'base64url').toString()
  const { epoch } = JSON.parse(claims) as { epoch: string }
  const alone = await measure(1)
  const four = await measure(4)
  const hostile = start(['--import', 'tsx', path('list.ts'), String(RULES), epoch], {
    cwd: path('..'),
  })
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const beside = await measure(1)
  hostile.kill()
  const memory = megabytesOf(server.pid)
  const rows: [string, number, number][] = [
    ['one cold follower, ms', alone, MAX_ALONE_MS],
    ['the last of four at once, ms', four, MAX_FOUR_MS],
    [
      `one beside ${HOSTILE_CONNECTIONS} hostile connections, ms`,
      beside,
      MAX_HOSTILE_FACTOR * alone,
    ],
    ['memory of the server at the most, MB', memory, MAX_SERVER_MEGABYTES],
  ]
  for (const [name, value, bound] of rows) {
    console.log(`${name.padEnd(44)}${value.toFixed(0).padStart(8)}  (at most ${bound.toFixed(0)})`)
    if (!(value <= bound)) process.exitCode = 1
  }
}

const [, , , hostileEpoch] = process.argv
if (hostileEpoch !== undefined) {
  await attack(hostileEpoch)
} else {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-list-'))
  try {
    await run(directory)
  } finally {
    for (const child of children) child.kill()
    rmSync(directory, { recursive: true })
  }
}

// Shutdown of a server: pending requests are answered, new ones refused, and the database is
// closed.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PARENT_CHECK_MS, SHUTDOWN_TIMEOUT_MS } from '../../src/constants.ts'
import { addHookClient } from '../support/database.ts'
import { basicHeader, createCaller } from '../support/http.ts'
import {
  CLI,
  ROOT,
  type Place,
  type ServerProcess,
  newPlace,
  seededPlace,
  startServer,
  startShell,
  until,
} from '../support/processes.ts'
import { readyKeys } from '../support/ready-keys.ts'
import type { ClientCredentials } from '../support/records.ts'
import { LAST_CHUNK, chunk, head, open, refusesConnections } from '../support/raw-http.ts'

const dataFiles = ({ directory }: Place): string[] => readdirSync(join(directory, 'data')).sort()

let place: Place
let client: ClientCredentials
let server: ServerProcess
const begin = async (workers: string): Promise<void> => {
  place = await seededPlace({ LATCHKEY_WORKERS: workers })
  server = await startServer(place)
  client = await addHookClient(place)
}

/** Sends half of a token request whose body the server has begun to read. */
const halfSent = async () => {
  const connection = open(place)
  connection.write(
    head('POST /oauth/token', {
      Authorization: basicHeader(client),
      'Content-Type': 'application/x-www-form-urlencoded',
      'Transfer-Encoding': 'chunked',
      Expect: '100-continue',
    }),
  )
  await connection.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
  connection.write(chunk('grant_type=client_'))
  return {
    connection,
    finish() {
      connection.write(chunk('credentials') + LAST_CHUNK)
    },
  }
}

/** Completes the pending request, and expects its answer. */
const expectDrained = async (sent: Awaited<ReturnType<typeof halfSent>>): Promise<void> => {
  await until('the end of listening', () => refusesConnections(place))
  expect(sent.connection.isClosed()).toBe(false)
  sent.finish()
  expect(await sent.connection.receives(/"access_token"/)).toMatch(/HTTP\/1\.1 200 OK/)
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const
const WORKERS = ['1', '2']

describe.each(SIGNALS)('server on %s', (signal) => {
  it('answers pending requests, refuses new ones and closes the database', async () => {
    await begin('1')
    const idle = open(place)
    idle.write(head('GET /healthz'))
    await idle.receives(/\{"status":"ok"\}/)
    const token = await createCaller(place.url).issue(client)
    await createCaller(place.url).revoke(client, token)
    expect(dataFiles(place)).toContain('latchkey.db-wal')

    const sent = await halfSent()
    server.signal(signal)
    await until('the end of an idle connection', idle.isClosed)
    await expectDrained(sent)

    expect(await server.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(server.log().at(-1)?.msg).toBe('stopped')
    expect(dataFiles(place)).toEqual(['latchkey.db', 'ledger.db'])
  })

  it.each(WORKERS)('counts two immediate signals as one, with %s workers', async (workers) => {
    await begin(workers)
    const sent = await halfSent()
    for (let i = 0; i < 2; i++) {
      server.signal(signal)
      await pause(20)
    }
    await expectDrained(sent)
    expect(await server.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(server.log().filter(({ msg }) => msg === 'stopped')).toHaveLength(Number(workers))
  })

  it.each(WORKERS)('ends at once on a later second signal, with %s workers', async (workers) => {
    await begin(workers)
    const pids = (await server.logged('listening', Number(workers))).map(({ pid }) => Number(pid))
    const { connection } = await halfSent()
    server.signal(signal)
    await until('the end of listening', () => refusesConnections(place))
    await pause(600)
    expect(connection.isClosed()).toBe(false)
    const before = Date.now()
    server.signal(signal)
    expect(await server.ended).toMatchObject({ code: null, signal })
    await until('the end of all processes', () => !pids.some(isAlive))
    expect(Date.now() - before).toBeLessThan(SHUTDOWN_TIMEOUT_MS / 2)
  })
})

const hasUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

/** Starts `npm start` as in a container: as process 1, whose end ends all others. */
const npmStart = async (workers: string) => {
  place = await newPlace({ LATCHKEY_WORKERS: workers, ...readyKeys() })
  const inside = (name: string) => join(place.directory, name)
  place.environment = {
    ...place.environment,
    LATCHKEY_DATABASE_URL: `file:${inside('data/latchkey.db')}`,
    LATCHKEY_KEYS_DIR: inside('keys'),
    HOME: place.directory,
    PATH: process.env['PATH'] ?? '',
  }
  const shell = startShell(
    place,
    `cd "${ROOT}" && exec unshare --pid --fork --mount-proc --kill-child npm start`,
  )
  await until(
    'the last worker',
    () => shell.said.stdout.split('"listening"').length > Number(workers),
  )
  const pid = Number(shell.child.pid)
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  client = await addHookClient(place)
  return { npm: Number(children), shell }
}

describe.skipIf(!hasUnshare)('npm start as process 1 (needs unshare)', () => {
  it.each(WORKERS)('drains the server on SIGTERM, with %s workers', async (workers) => {
    const { npm, shell } = await npmStart(workers)
    const sent = await halfSent()
    process.kill(npm, 'SIGTERM')
    await expectDrained(sent)
    const { code, stdout } = await shell.ended
    expect(code).toBe(0)
    expect(stdout.split('"msg":"stopped"')).toHaveLength(Number(workers) + 1)
    expect(dataFiles(place)).toEqual(['latchkey.db', 'ledger.db'])
  })

  it('drains the server on Ctrl-C, which sends two signals', async () => {
    const { npm, shell } = await npmStart('1')
    const sent = await halfSent()
    const [server = 0] = readFileSync(`/proc/${npm}/task/${npm}/children`, 'utf8').split(' ')
    for (const pid of [npm, Number(server)]) process.kill(pid, 'SIGINT')
    await expectDrained(sent)
    expect((await shell.ended).stdout).toContain('"msg":"stopped"')
  })
})

/**
 * `npm start` and an installed `npx latchkey serve`, without a namespace: the shell becomes npm.
 */
const LEADERS = {
  'npm start': () => `cd "${ROOT}" && exec npm start`,
  'npx latchkey serve': ({ directory }: Place) => {
    const bin = join(directory, 'node_modules', '.bin')
    mkdirSync(bin, { recursive: true })
    const program = `#!/usr/bin/env node\nimport(${JSON.stringify(CLI)})\n`
    writeFileSync(join(bin, 'latchkey'), program, { mode: 0o755 })
    writeFileSync(join(directory, 'package.json'), '{}')
    return 'exec npx --no latchkey serve'
  },
}

const startLeader = async (leader: keyof typeof LEADERS, workers: string) => {
  place = await newPlace({ LATCHKEY_WORKERS: workers, ...readyKeys() })
  const inside = (name: string) => join(place.directory, name)
  Object.assign(place.environment, {
    LATCHKEY_DATABASE_URL: `file:${inside('data/latchkey.db')}`,
    LATCHKEY_KEYS_DIR: inside('keys'),
    HOME: place.directory,
    PATH: process.env['PATH'] ?? '',
  })
  const shell = startShell(place, LEADERS[leader](place))
  await until(
    'the last worker',
    () => shell.said.stdout.split('"listening"').length > Number(workers),
  )
  client = await addHookClient(place)
  return shell
}

const FORGOTTEN = [
  ['npm start', 'SIGHUP', '1'],
  ['npm start', 'SIGHUP', '2'],
  ['npm start', 'SIGQUIT', '1'],
  ['npm start', 'SIGKILL', '1'],
  ['npx latchkey serve', 'SIGTERM', '1'],
  ['npx latchkey serve', 'SIGTERM', '2'],
  ['npx latchkey serve', 'SIGHUP', '1'],
  ['npx latchkey serve', 'SIGQUIT', '1'],
] as const

describe('server whose npm gets a signal', () => {
  it.each(FORGOTTEN)('is drained: %s, %s, %s workers', async (leader, signal, workers) => {
    const { child, said, ended } = await startLeader(leader, workers)
    const sent = await halfSent()
    child.kill(signal)
    await expectDrained(sent)
    await ended
    expect(said.stdout.split('"msg":"stopped"')).toHaveLength(Number(workers) + 1)
    expect(dataFiles(place)).toEqual(['latchkey.db', 'ledger.db'])
  })
})

describe('server without its shell', () => {
  const serveBehind = async (line: string) => {
    place = await newPlace(readyKeys())
    const shell = startShell(place, line)
    await until(
      'an answer',
      async () => (await fetch(`${place.url}/healthz`).catch(() => null))?.ok,
    )
    const pid = Number(readFileSync(join(place.directory, 'pid'), 'utf8'))
    return { pid, shell }
  }
  const expectServing = async (pid: number): Promise<void> => {
    await pause(3 * PARENT_CHECK_MS)
    expect((await fetch(`${place.url}/healthz`)).status).toBe(200)
    process.kill(pid, 'SIGTERM')
    await until('its end', () => !isAlive(pid))
  }

  it('keeps serving when an npm script started it in the background', async () => {
    const line = 'npm_lifecycle_event=up nohup "$NODE" "$CLI" serve >log 2>&1 & echo $! >pid'
    const { pid } = await serveBehind(line)
    await expectServing(pid)
  })

  it('keeps serving when npm did not start it', async () => {
    const { pid, shell } = await serveBehind('"$NODE" "$CLI" serve >log 2>&1 & echo $! >pid; wait')
    shell.child.kill('SIGKILL')
    await expectServing(pid)
  })
})

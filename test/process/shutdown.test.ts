// How a server ends: what runs is finished, nothing new is begun, the database is closed.
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SHUTDOWN_TIMEOUT_MS } from '../../src/constants.ts'
import { addHookClient } from '../support/database.ts'
import { basicHeader, createCaller } from '../support/http.ts'
import {
  CLI,
  type Place,
  type ServerProcess,
  newPlace,
  startServer,
  startShell,
  until,
} from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'
import { LAST_CHUNK, chunk, head, open, refusesConnections } from '../support/raw-http.ts'

const dataFiles = ({ directory }: Place): string[] => readdirSync(join(directory, 'data')).sort()

let place: Place
let client: ClientCredentials
let server: ServerProcess
const begin = async (workers: string): Promise<void> => {
  place = await newPlace({ LATCHKEY_WORKERS: workers })
  server = await startServer(place)
  client = await addHookClient(place)
}

/** A token request of which half the body is still to come, and which the server has begun to read. */
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

/** Ends what is under way, and holds that it was answered. */
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

describe.each(SIGNALS)('%s', (signal) => {
  it('answers what is under way, refuses what is new, and closes the database', async () => {
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

  it.each(WORKERS)('is one where it comes twice at once, with %s workers', async (workers) => {
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

  it.each(WORKERS)('ends at once when it comes again later, with %s workers', async (workers) => {
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

const ROOT = dirname(dirname(CLI))
const hasUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

/** `npm start` as a container has it: process 1, whose end is the end of all others. */
const npmStart = async (workers: string) => {
  place = await newPlace({ LATCHKEY_WORKERS: workers })
  const inside = (name: string) => join(place.directory, name)
  place.environment = {
    ...place.environment,
    ...{ LATCHKEY_DATABASE_URL: `file:${inside('data/latchkey.db')}` },
    ...{
      LATCHKEY_KEYS_DIR: inside('keys'),
      HOME: place.directory,
      PATH: process.env['PATH'] ?? '',
    },
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
  it.each(WORKERS)('is drained by SIGTERM, with %s workers', async (workers) => {
    const { npm, shell } = await npmStart(workers)
    const sent = await halfSent()
    process.kill(npm, 'SIGTERM')
    await expectDrained(sent)
    const { code, stdout } = await shell.ended
    expect(code).toBe(0)
    expect(stdout.split('"msg":"stopped"')).toHaveLength(Number(workers) + 1)
    expect(dataFiles(place)).toEqual(['latchkey.db', 'ledger.db'])
  })

  it('is drained by a Ctrl-C, which reaches it twice', async () => {
    const { npm, shell } = await npmStart('1')
    const sent = await halfSent()
    const [server = 0] = readFileSync(`/proc/${npm}/task/${npm}/children`, 'utf8').split(' ')
    for (const pid of [npm, Number(server)]) process.kill(pid, 'SIGINT')
    await expectDrained(sent)
    expect((await shell.ended).stdout).toContain('"msg":"stopped"')
  })
})

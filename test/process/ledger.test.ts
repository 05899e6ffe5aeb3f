// Ledger of real processes: a file of its own, written after the answers, and never required.
import {
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { ledgerPath } from '../../src/node/ledger/writer.ts'
import { openRecords } from '../support/database.ts'
import { INACTIVE, createCaller, send } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type Place, createCli, seededPlace, startServer } from '../support/processes.ts'

const RUN = { type: 'tool_run', identifier: '*', project_id: 'p', locations: '*', actions: '*' }

/**
 * Age after which a token must be in the file when a process is killed: far more than the 100 ms of
 * its wait.
 */
const MARGIN_MS = 1_500
const AT_ONCE = 4

type Prepared = { place: Place; client: ClientCredentials; path: string }

/** Prepares a place whose client may request any run. */
const prepare = async (environment: Record<string, string> = {}): Promise<Prepared> => {
  const place = await seededPlace(environment)
  const records = openRecords(place)
  await records.audience('docs', ['read'])
  const client = await records.client({ grants: { docs: ['read'] }, details: [RUN] })
  await records.close()
  return { place, client, path: join(place.directory, 'data', 'ledger.db') }
}

const forRun = (identifier: string) => ({
  authorization_details: JSON.stringify([{ type: 'tool_run', identifier }]),
})

const revoke = async ({ place, client }: Prepared, identifier: string) => {
  const url = `${place.url}/oauth/runs/revoke`
  const { status, text } = await send(url, { form: { identifier }, basic: client })
  return { status, body: JSON.parse(text) as unknown }
}

const jtis = (path: string): Set<unknown> => {
  const file = new BetterSqlite3(path)
  expect(file.pragma('integrity_check', { simple: true })).toBe('ok')
  const rows = file.prepare('select jti from tokens').pluck().all()
  file.close()
  return new Set(rows)
}

describe('ledger file', () => {
  it('belongs to its owner, has no token text, and lists and counts tokens', async () => {
    const prepared = await prepare()
    const { place, client, path } = prepared
    const cli = createCli(place)
    const server = await startServer(place)
    const { issue } = createCaller(place.url)
    const tokens = [await issue(client, forRun('run/1')), await issue(client, forRun('run/1'))]
    await issue(client, forRun('run/2'))
    expect(await revoke(prepared, 'run/2')).toMatchObject({ status: 200, body: { matched: 1 } })

    const listed = await cli.json<Record<string, unknown>[]>('token list --run run/1')
    expect(listed.map(({ jti }) => jti)).toEqual(tokens.map((token) => decode(token).claims.jti))
    expect(listed[0]).toMatchObject({ client_id: client.id, runs: ['run/1'], audience: 'docs' })
    expect(await cli.json('run revoke run/1')).toEqual({
      identifier: 'run/1',
      workspace_id: 'default',
      matched: 2,
    })
    expect(await cli.json(`token list --client ${client.id}`)).toHaveLength(3)
    const runs = await cli.json<Record<string, unknown>[]>('run list --workspace default')
    expect(runs.map(({ identifier }) => identifier)).toEqual(['run/2', 'run/1'])

    expect(statSync(path).mode & 0o777).toBe(0o600)
    const bytes = [path, `${path}-wal`].map((file) => readFileSync(file, 'latin1')).join()
    for (const token of tokens) expect(bytes).not.toContain(token.split('.')[2])
    expect((await server.stop()).code).toBe(0)
    expect(existsSync(`${path}-wal`)).toBe(false) // closed in order
  })

  it('has every token after a server was stopped', async () => {
    const { place, client, path } = await prepare({ LATCHKEY_WORKERS: '2' })
    const server = await startServer(place)
    const { issue } = createCaller(place.url)
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, i) => issue(client, forRun(`run-${i}`))),
    )
    expect((await server.stop()).code).toBe(0)
    const kept = jtis(path)
    expect(tokens.filter((token) => !kept.has(decode(token).claims.jti))).toEqual([])
  })

  it('may be removed: it is created again, and closed runs stay closed', async () => {
    const prepared = await prepare()
    const { place, client, path } = prepared
    const first = await startServer(place)
    const { issue, introspect } = createCaller(place.url)
    const [gone, kept] = [await issue(client, forRun('gone')), await issue(client, forRun('kept'))]
    await revoke(prepared, 'gone')
    await first.stop()
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })

    await startServer(place)
    await expect(issue(client, forRun('gone'))).rejects.toThrow(/run_closed/)
    expect(await introspect(client, gone)).toBe(INACTIVE)
    await issue(client, forRun('kept'))
    // The first token is not in the new file, and is revoked all the same.
    expect(await revoke(prepared, 'kept')).toMatchObject({ body: { matched: 1 } })
    expect(await introspect(client, kept)).toBe(INACTIVE)
  })

  const unusable: [title: string, spoil: (path: string) => void][] = [
    ['not a database', (path) => writeFileSync(path, 'not a database'.repeat(1_000))],
    [
      'of a newer version',
      (path) =>
        new BetterSqlite3(path)
          .exec('create table x (y); pragma user_version = 99; pragma application_id = 0x4c4b4c47')
          .close(),
    ],
  ]
  it.each(unusable)(
    'is moved aside with one log line when it is %s, and a new one begins',
    async (_, spoil) => {
      const prepared = await prepare()
      const { place, client, path } = prepared
      spoil(path)
      const before = readFileSync(path)
      const server = await startServer(place)
      const { issue } = createCaller(place.url)
      await issue(client, forRun('run-1'))
      expect(await revoke(prepared, 'run-1')).toMatchObject({ status: 200, body: { matched: 1 } })
      const said = (await server.logged('the ledger could not be used and was moved aside')).length
      const aside = readdirSync(join(place.directory, 'data')).filter((name) =>
        /^ledger\.db\.unusable-\d{8}T\d{6}Z$/.test(name),
      )
      expect([said, aside.length]).toEqual([1, 1])
      expect(readFileSync(join(place.directory, 'data', aside[0] ?? ''))).toEqual(before)
    },
  )

  it('is left unchanged when it is the database of another program, and no ledger is kept', async () => {
    const prepared = await prepare()
    const { place, client, path } = prepared
    new BetterSqlite3(path).exec('create table x (y)').close()
    const before = readFileSync(path)
    const server = await startServer(place)
    await createCaller(place.url).issue(client, forRun('run-1'))
    expect(await revoke(prepared, 'run-1')).toMatchObject({ status: 200, body: { matched: null } })
    await server.logged('the ledger cannot be written')
    expect((await server.stop()).code).toBe(0)
    expect(readFileSync(path)).toEqual(before)
    const names = readdirSync(join(place.directory, 'data'))
    expect(names.filter((name) => name.includes('unusable'))).toEqual([])
  })

  it.each([
    ['data/latchkey.db', 'data/ledger.db'],
    ['data/other.db', 'data/other.ledger.db'],
    ['data/ledger.db', 'data/ledger.ledger.db'],
    ['data/x', 'data/x.ledger.db'],
  ])(
    'has the path for %s: %s, which is no database and no other ledger',
    (databasePath, expected) => {
      expect(ledgerPath({ databasePath })).toBe(expected)
    },
  )

  it('affects no token and no revocation when it cannot be written', async () => {
    const prepared = await prepare()
    const { place, client, path } = prepared
    const cli = createCli(place)
    symlinkSync('/nonexistent/ledger.db', path)
    const server = await startServer(place)
    const { issue, introspect } = createCaller(place.url)
    const token = await issue(client, forRun('run-1'))
    expect(await revoke(prepared, 'run-1')).toEqual({
      status: 200,
      body: { identifier: 'run-1', matched: null },
    })
    expect(await introspect(client, token)).toBe(INACTIVE)
    expect((await cli.json('run revoke run-1'))['matched']).toBeNull()
    expect((await server.stop()).code).toBe(0)
    const lines = server.log().filter(({ msg }) => msg === 'the ledger cannot be written')
    expect(lines).toMatchObject([{ reason: 'the database did not answer (ENOENT)' }])
  })
})

it('kill -9 under load loses only ledger entries of the last moment', async () => {
  const { place, client, path } = await prepare()
  const server = await startServer(place)
  const { issue } = createCaller(place.url)
  const issued: { jti: unknown; at: number }[] = []
  const worker = async (): Promise<void> => {
    for (;;) {
      const token = await issue(client, forRun('run-1')).catch(() => null)
      if (token === null) return // killed
      issued.push({ jti: decode(token).claims.jti, at: performance.now() })
    }
  }
  const load = Array.from({ length: AT_ONCE }, worker)
  await sleep(2 * MARGIN_MS)
  const killedAt = performance.now()
  server.signal('SIGKILL')
  await Promise.all(load)
  const kept = jtis(path)
  const due = issued.filter(({ at }) => at < killedAt - MARGIN_MS)
  expect(due.length).toBeGreaterThan(AT_ONCE)
  expect(due.filter(({ jti }) => !kept.has(jti))).toEqual([])

  await startServer(place)
  await issue(client, forRun('run-1'))
  const listed = await createCli(place).json<unknown[]>('token list --run run-1')
  expect(listed.length).toBeGreaterThan(due.length)
})

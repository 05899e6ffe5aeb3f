// A whole server in this process, called through `app.request()`. It has a real database file, a frozen clock, and
// collects its log lines and audit events.
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { type Deps, createApp } from '../../src/app.ts'
import type { AuditEvent } from '../../src/audit/record.ts'
import { assembleDeps, openedParts } from '../../src/deps.ts'
import { nodeCryptography } from '../../src/node/cryptography.ts'
import { createLedgerWriter } from '../../src/node/ledger/writer.ts'
import { createLedger } from '../../src/node/ledger/queue.ts'
import { createLogTo } from '../../src/node/logger.ts'
import { createQuota, createWrites } from '../../src/node/quota.ts'
import { createBoundedRehearse } from '../../src/node/rehearsal/bounds.ts'
import { performOrder } from '../../src/node/rehearsal/order.ts'
import { nodePages } from '../../src/node/page-host.ts'
import { createWatch } from '../../src/revocation/watch.ts'
import type { Algorithm } from '../../src/signing/algorithms.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import { firstSeed } from '../../src/store/seed.ts'
import type { Store } from '../../src/store/store.ts'
import { createLastUsed } from '../../src/upkeep/last-used.ts'
import { atEndOfFile } from './cleanups.ts'
import { createStateReader } from './database.ts'
import { KEK, testKeys } from './keys.ts'
import { type ClientCredentials, createRecords } from './records.ts'

export const ISSUER = 'https://auth.example'
/** Start time in milliseconds, half a second past a whole second: code that does not round down fails. */
export const START = Date.parse('2026-01-01T00:00:00.500Z')
export const START_SECONDS = Math.floor(START / 1000)
export const FORM_TYPE = 'application/x-www-form-urlencoded'
/** Client address of the requests, from the range for documentation (RFC 5737). */
export const ADDRESS = '192.0.2.1'

export type LogLine = Record<string, unknown> & { level: number; msg: string }
export type FormInput = string | Record<string, string> | [string, string][]
export type Sent = { basic?: ClientCredentials; headers?: Record<string, string> }
export type TestServer = Awaited<ReturnType<typeof startServer>>

/** Joins id and secret unencoded (RFC 7617 §2). */
export const basic = ({ id, secret }: ClientCredentials): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

export const encodeForm = (form: FormInput): string =>
  typeof form === 'string' ? form : new URLSearchParams(form).toString()

/** Path of an empty migrated database, made once for a worker: a copy opens in a third of the time of migrating. */
let migrated: string | undefined

const migratedDatabase = async (): Promise<string> => {
  const path = join(mkdtempSync(join(tmpdir(), 'latchkey-migrated-')), 'latchkey.db')
  await openBetterSqlite3Store(path).close()
  return path
}

const openDatabase = async () => {
  migrated ??= await migratedDatabase()
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-test-'))
  const path = join(directory, 'latchkey.db')
  copyFileSync(migrated, path)
  const store = openBetterSqlite3Store(path)
  atEndOfFile(async () => {
    await store.close()
    rmSync(directory, { recursive: true })
  })
  const outside = lazily(() => {
    const client = new BetterSqlite3(path)
    atEndOfFile(() => client.close())
    return client
  })
  const stateOf = lazily(() => createStateReader(outside()))
  return {
    store,
    path,
    /** Runs a statement that makes a state which no verb of the store can make. */
    sql: (statement: string): void => void outside().exec(statement),
    query: (statement: string) => outside().prepare(statement).all() as Record<string, unknown>[],
    /** Returns everything in the database except the audit and the clock, as one text. */
    state: () => stateOf()(),
  }
}

const lazily = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

type Options = Partial<Deps> & { algorithms?: readonly Algorithm[] }

/** Starts a server that is closed and removed at the end of the test file. A test may replace members of `deps`. */
export const startServer = async ({ algorithms = ['RS256'], ...overrides }: Options = {}) => {
  const clock = { now: START }
  const lines: LogLine[] = []
  /** Recorded outcomes and counts. */
  const events: AuditEvent[] = []
  const { store, path, ...database } = await openDatabase()
  await store.bootstrap(
    firstSeed(await testKeys(algorithms), null, randomBytes),
    START_SECONDS,
    () => {},
  )
  const used = { ...store }
  const opened = openedParts({
    store: used,
    kek: KEK,
    clock: () => clock.now,
    cryptography: nodeCryptography({ atOnce: true }),
  })
  const { audit } = opened
  const lastUsed = createLastUsed({ store: used, clock: () => clock.now })
  const log = createLogTo({ write: (line) => lines.push(JSON.parse(line) as LogLine) }, 'debug')
  const ledgerPath = join(dirname(path), 'ledger.db')
  const writer = createLedgerWriter({ path: ledgerPath, clock: () => clock.now, log })
  const ledger = createLedger({ writer, log })
  atEndOfFile(() => ledger.close())
  const recorded: Deps['audit'] = {
    async write(event) {
      await audit.write(event)
      if (event.outcome !== 'intent') events.push(event)
    },
    count(event) {
      events.push(event)
      audit.count(event)
    },
  }
  const settings = { issuer: ISSUER, tokenTtlSeconds: 900, algorithms, keyRotationSeconds: null }
  const files = {
    databasePath: path,
    keysDirectory: dirname(path),
    kek: KEK,
    kekFile: null,
    workers: 1,
  }
  const deps: Deps = assembleDeps({
    opened,
    settings,
    platform: {
      ledger,
      log,
      audit: recorded,
      revocationWatch: createWatch({ store: used }),
      pageHost: nodePages,
      secretUsed: lastUsed.secretUsed,
      clock: () => clock.now,
      monotonic: () => clock.now,
      quota: createQuota(),
      writes: createWrites(),
      // In this process, where the server has a thread.
      rehearse: createBoundedRehearse({
        run: (order) => performOrder(order, { config: { ...settings, ...files }, log }),
        writes: async () => 0, // a test makes more than a server does in a minute
      }),
      clientAddress: () => ADDRESS,
      metrics: null,
      metricsToken: null,
      ...overrides,
    },
  })
  const seconds = () => Math.floor(clock.now / 1000)
  return {
    store,
    path,
    ...database,
    /** Makes this verb reject with the error until `heal`. */
    fail(verb: keyof Store, error: Error) {
      Object.assign(used, { [verb]: () => Promise.reject(error) })
    },
    heal() {
      Object.assign(used, store)
    },
    deps,
    lines,
    events,
    audit,
    lastUsed,
    seconds,
    advance(by: number) {
      clock.now += by * 1000
    },
    ...createRecords(store, seconds),
    ...createRequests(createApp(deps)),
  }
}

const createRequests = (app: ReturnType<typeof createApp>) => {
  const request = async (path: string, init?: RequestInit): Promise<Response> =>
    await app.request(path, init)

  const post = (path: string, form: FormInput, { basic: client, headers }: Sent = {}) => {
    const body = encodeForm(form)
    return request(path, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': FORM_TYPE,
        'Content-Length': String(Buffer.byteLength(body)),
        ...(client && { Authorization: basic(client) }),
        ...headers,
      },
    })
  }

  const requestToken = (form: Record<string, string> = {}, sent: Sent = {}) =>
    post('/oauth/token', { grant_type: 'client_credentials', ...form }, sent)

  return {
    request,
    post,
    requestToken,
    /** Requests a token, which the server must issue. */
    async issue(client: ClientCredentials, form: Record<string, string> = {}): Promise<string> {
      const response = await requestToken(form, { basic: client })
      if (response.status !== 200) throw new Error(`no token: ${await response.text()}`)
      return ((await response.json()) as { access_token: string }).access_token
    },
    async introspect(client: ClientCredentials, token: string) {
      const response = await post('/oauth/introspect', { token }, { basic: client })
      return (await response.json()) as Record<string, unknown>
    },
    revoke: (client: ClientCredentials, token: string) =>
      post('/oauth/revoke', { token }, { basic: client }),
  }
}

// Token endpoint with a ledger that can be switched off and on, for a client whose tokens name a run. sections/ledger.ts
// starts it. The rest matches `latchkey serve`: a database file and a log file.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, openSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Deps, createApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { assembleDeps } from '../../src/deps.ts'
import { createHttpServer, listen } from '../../src/node/http/http-server.ts'
import { createLedger } from '../../src/node/ledger/queue.ts'
import { createLedgerThread } from '../../src/node/ledger/thread-client.ts'
import { ledgerPath } from '../../src/node/ledger/writer.ts'
import { createLogTo, linesTo } from '../../src/node/logger.ts'
import { createMetrics } from '../../src/node/metrics.ts'
import { openLatchkey } from '../../src/node/open.ts'
import { nodePages } from '../../src/node/page-host.ts'
import { createQuota, createWrites } from '../../src/node/quota.ts'
import { createWatch } from '../../src/revocation/watch.ts'
import { newClientId, newClientSecret } from '../../src/secret.ts'
import type { LedgerEntry } from '../../src/store/ledger.ts'
import type { Store } from '../../src/store/store.ts'
import { createLastUsed } from '../../src/upkeep/last-used.ts'

/** Pruning deletes as many entries as are written in the long run. Every second here, so that its cost is measured. */
const PRUNE_INTERVAL_MS = 1_000
const LONG_AFTER_SECONDS = 365 * 24 * 60 * 60

const directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))

const config = loadConfig({
  LATCHKEY_ISSUER: 'http://localhost',
  LATCHKEY_PORT: '0',
  LATCHKEY_DATABASE_URL: `file:${join(directory, 'data', 'latchkey.db')}`,
  LATCHKEY_KEYS_DIR: join(directory, 'keys'),
})
const clock = Date.now
const log = createLogTo(linesTo(openSync(join(directory, 'log'), 'a')), 'info')
const opened = await openLatchkey({ config, clock, log, actor: 'server', create: true })
const ledger = createLedger({ writer: createLedgerThread({ path: ledgerPath(config), log }), log })
let on = false

/** Makes a typical client, except that its tokens name a run. */
const makeClient = async (store: Store) => {
  const [id, secret] = [newClientId(randomBytes), newClientSecret(randomBytes)]
  const run = { type: 'tool_run', identifier: '*', project_id: 'p', locations: '*', actions: '*' }
  const rest = { tokenTtl: null, quotaPerMinute: null, introspects: [], createPlugins: true }
  const grants = [{ audience: 'hook', permissions: ['hook:govern', 'hook:track'] }]
  const plugins = ['com.example.plugin']
  const client = { ...rest, id, name: 'Benchmark', workspaceId: 'default', plugins, grants }
  await store.createClient({ ...client, details: [run], secret: secret.row }, clock() / 1000)
  return { clientId: id, secret: secret.text }
}

const revocationWatch = createWatch(opened)
const deps: Deps = assembleDeps({
  opened,
  settings: config,
  platform: {
    clock,
    log,
    ledger: { ...ledger, note: (entry: LedgerEntry) => on && ledger.note(entry) },
    pageHost: nodePages,
    secretUsed: createLastUsed({ store: opened.store, clock }).secretUsed,
    quota: createQuota(),
    writes: createWrites(),
    clientAddress: () => undefined,
    revocationWatch,
    metrics: createMetrics(revocationWatch),
    metricsToken: null,
    rehearse: null,
  },
})
const app = createApp(deps)
const credentials = await makeClient(opened.store)
const server = await createHttpServer(app, {
  issuer: config.issuer,
  isTrusted: () => false,
})
await listen(server, config)
setInterval(() => {
  if (on) ledger.prune(clock() / 1000 + LONG_AFTER_SECONDS).catch(() => {}) // the same call as in upkeep
}, PRUNE_INTERVAL_MS)

/** Processor time of all threads of this process, the ledger's and the signing ones included, in microseconds. */
const cpuMicroseconds = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

process.on('message', (wanted) => {
  if (wanted !== 'flush') on = wanted === 'on'
  void ledger.flush().then(() => process.send?.(cpuMicroseconds()))
})
// The process exits when the benchmark's process does, even if that one is killed.
process.once('disconnect', () => process.exit())
process.send?.({ ...credentials, port: (server.address() as AddressInfo).port })

// Process of a server: opens the database, listens, and closes both in order.
import type { AddressInfo } from 'node:net'
import { createApp } from '../app.ts'
import { type WatchedClock, watchedClock } from '../clock.ts'
import { type Config, hasOpenMetrics } from '../config.ts'
import { type Deps, type Opened, assembleDeps } from '../deps.ts'
import type { Ledger } from '../store/ledger.ts'
import { createWatch } from '../revocation/watch.ts'
import { createUpkeep } from '../upkeep/upkeep.ts'
import { type LastUsed, createLastUsed } from '../upkeep/last-used.ts'
import { createClientAddress, createTrust } from './http/client-address.ts'
import { createHttpServer, drain, listen } from './http/http-server.ts'
import type { Log } from '../log.ts'
import { createLedgerThread, requireLedgerThread } from './ledger/thread-client.ts'
import { ledgerPath } from './ledger/writer.ts'
import { createLedger } from './ledger/queue.ts'
import { createMetrics } from './metrics.ts'
import { openLatchkey } from './open.ts'
import { createQuota, createWrites } from './quota.ts'
import { nodePages } from './page-host.ts'
import { createBoundedRehearse } from './rehearsal/bounds.ts'
import { createThreadRun, requireRehearsalThread } from './rehearsal/thread-client.ts'
import { readStorage } from './storage.ts'
import { startUpkeep } from './every-minute.ts'

export type Running = {
  address: AddressInfo
  /** Stops accepting requests, finishes those under way, writes counts, and closes the database. */
  close(): Promise<void>
}

/** @throws StartRefused with one line for the operator */
export const startServer = async (config: Config, log: Log): Promise<Running> => {
  const time = watchedClock(
    () => Date.now(),
    () => performance.now(),
  )
  const clock = time.now
  const isTrusted = createTrust(config.trustedProxies)
  const clientAddress = createClientAddress(isTrusted)
  requireLedgerThread()
  requireRehearsalThread()
  const opened = await openLatchkey({ config, clock, log, actor: 'server', create: true })
  const lastUsed = createLastUsed({ store: opened.store, clock })
  const ledger = createLedger({
    writer: createLedgerThread({ path: ledgerPath(config), log }),
    log,
  })
  const revocationWatch = createWatch(opened)
  const { app, upkeep } = createServer({
    config,
    log,
    time,
    clock,
    clientAddress,
    opened,
    lastUsed,
    ledger,
    revocationWatch,
  })
  const server = await createHttpServer(app, { issuer: config.issuer, isTrusted })
  try {
    await listen(server, config)
  } catch (error) {
    await opened.store.close()
    throw error
  }
  // Keeps the time after `listen`, so that a refused start writes nothing. `latest` includes the time of tokens issued in
  // between.
  await upkeep.keepTime()
  const running = startUpkeep(upkeep)
  const address = server.address() as AddressInfo
  const { pid } = process
  log.info(
    { address: address.address, port: address.port, issuer: config.issuer, pid },
    'listening',
  )
  return {
    address,
    async close() {
      revocationWatch.close()
      await drain(server)
      await running.stop()
      await ledger.close()
      await opened.store.close()
      log.info({}, 'stopped')
    },
  }
}

type Parts = Pick<Deps, 'log' | 'clock' | 'clientAddress' | 'revocationWatch'> & {
  time: WatchedClock
  config: Config
  opened: Opened
  lastUsed: LastUsed
  ledger: Ledger
}

/** Creates the app and the upkeep. */
const createServer = ({ config, opened, lastUsed, time, ...parts }: Parts) => {
  const writes = createWrites()
  const hasMetrics = config.metricsToken !== null || hasOpenMetrics(config)
  const deps = assembleDeps({
    opened,
    settings: config,
    platform: {
      ...parts,
      pageHost: nodePages,
      secretUsed: lastUsed.secretUsed,
      quota: createQuota(),
      writes,
      rehearse: createServerRehearse({ config, opened, log: parts.log, writes }),
      metrics: hasMetrics ? createMetrics(parts.revocationWatch) : null,
      metricsToken: config.metricsToken,
      host: {
        readStorage: () => readStorage(config),
        server: {
          startedAt: parts.clock(),
          countFollowers: () => parts.revocationWatch.waiting,
        },
      },
    },
  })
  const retentionSeconds = config.auditRetentionSeconds
  const upkeep = createUpkeep({ ...deps, lastUsed, retentionSeconds, latest: time.latest })
  time.onAhead(() => void upkeep.keepTime())
  return { app: createApp(deps), upkeep }
}

/** Rehearses changes in threads, with the key-encryption key that this process has loaded. */
const createServerRehearse = ({
  config,
  opened,
  log,
  writes,
}: Pick<Parts, 'config' | 'opened' | 'log'> & Pick<Deps, 'writes'>) => {
  const { databasePath, keysDirectory, issuer, tokenTtlSeconds } = config
  const { algorithms, keyRotationSeconds, workers } = config
  const needed = { databasePath, keysDirectory, issuer, tokenTtlSeconds, keyRotationSeconds }
  const run = createThreadRun({
    config: { ...needed, algorithms, kek: opened.kek, kekFile: null, workers },
    log,
  })
  return createBoundedRehearse({ run, writes })
}

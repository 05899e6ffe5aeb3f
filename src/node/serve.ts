// One server process: opens, listens, and ends in good order.
import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createApp } from '../app.ts'
import type { Config } from '../config.ts'
import { createUsage } from '../usage.ts'
import { createClientAddress } from './client-address.ts'
import { createHttpServer, drain, listen } from './http-server.ts'
import type { Log } from '../log.ts'
import { createMetrics } from './metrics.ts'
import { openLatchkey } from './open.ts'
import { createQuota } from './quota.ts'

export type Running = {
  address: AddressInfo
  /** Stops accepting, finishes what runs, closes the database. */
  close(): Promise<void>
}

/** @throws StartRefused with one line for the operator */
export const startServer = async (config: Config, log: Log): Promise<Running> => {
  const clock = Date.now
  const clientAddress = createClientAddress(config.trustedProxies)
  const { store, signer, kek, audit } = await openLatchkey({
    ...{ config, clock, log, actor: 'server', create: true },
  })
  const usage = createUsage({ store, clock })
  const app = createApp({
    store,
    signer,
    log,
    audit,
    secretUsed: usage.secretUsed,
    kek,
    algorithms: config.algorithms,
    clock,
    random: randomBytes,
    issuer: config.issuer,
    tokenTtlSeconds: config.tokenTtlSeconds,
    quota: createQuota(),
    clientAddress,
    metrics: createMetrics(),
    metricsToken: config.metricsToken,
  })
  const server = await createHttpServer(app, config.issuer)
  try {
    await listen(server, config)
  } catch (error) {
    await store.close()
    throw error
  }
  const address = server.address() as AddressInfo
  const { pid } = process
  log.info(
    { address: address.address, port: address.port, issuer: config.issuer, pid },
    'listening',
  )
  return {
    address,
    async close() {
      await drain(server)
      await store.close()
      log.info({}, 'stopped')
    },
  }
}

// How a command reaches the database and what it prints.
import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { destination } from 'pino'
import type { Admin } from '../admin/operation.ts'
import { auditToLog } from '../audit.ts'
import { type Config, loadConfig } from '../config.ts'
import { StartRefused } from '../errors.ts'
import { createLogTo } from '../node/logger.ts'
import { openLatchkey } from '../node/open.ts'

/**
 * Runs an operation on the configured database, opened for it and closed behind it. What it audits and
 * logs goes to `cli.log` beside the database: standard error is for the one line of a refusal.
 */
export const withAdmin = async <T>(operation: (admin: Admin) => Promise<T>): Promise<T> => {
  const config = loadConfig(process.env)
  const { store, signer, kek } = await openLatchkey(config, Date.now)
  try {
    const log = openLog(config)
    return await operation({
      deps: {
        store,
        signer,
        kek,
        log,
        audit: auditToLog(log),
        clock: Date.now,
        random: randomBytes,
        issuer: config.issuer,
        tokenTtlSeconds: config.tokenTtlSeconds,
        algorithms: config.algorithms,
        metrics: null,
      },
      as: { actor: `cli:${userName()}` },
    })
  } finally {
    await store.close()
  }
}

const openLog = (config: Config) => {
  const path = join(dirname(config.databasePath), 'cli.log')
  try {
    const stream = destination({ dest: path, append: true, sync: true, mode: 0o600 })
    chmodSync(path, 0o600)
    return createLogTo(stream, 'info')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new StartRefused(`cannot write the audit log ${path}: ${code}`)
  }
}

const userName = (): string => {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown') // a container's user has no name
  }
}

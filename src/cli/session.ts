// How a command reaches the database and what it prints.
import { randomBytes } from 'node:crypto'
import { fchmodSync, mkdirSync, openSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import type { Admin } from '../admin/operation.ts'
import { auditToLog } from '../audit.ts'
import { type Config, loadConfig } from '../config.ts'
import { StartRefused } from '../errors.ts'
import { createLogTo, linesTo } from '../node/logger.ts'
import { openLatchkey, requireDatabase } from '../node/open.ts'

/**
 * Runs an operation on the configured database, opened for it and closed behind it. What it audits and
 * logs goes to `cli.log` beside the database: standard error is for the one line of a refusal.
 */
export const withAdmin = async <T>(
  operation: (admin: Admin) => Promise<T>,
  { create = false }: { create?: boolean } = {},
): Promise<T> => {
  const config = loadConfig(process.env)
  if (!create) requireDatabase(config) // before a log is made in the wrong folder
  const log = openLog(config)
  const audit = auditToLog(log)
  const as = { actor: `cli:${userName()}` }
  const { store, signer, kek } = await openLatchkey({
    config,
    clock: Date.now,
    audit: (event) => audit({ ...event, ...as }),
    create,
  })
  try {
    return await operation({
      deps: {
        store,
        signer,
        kek,
        log,
        audit,
        clock: Date.now,
        random: randomBytes,
        issuer: config.issuer,
        tokenTtlSeconds: config.tokenTtlSeconds,
        algorithms: config.algorithms,
        metrics: null,
      },
      as,
    })
  } finally {
    await store.close()
  }
}

/** Where it cannot be written a command is refused before it changes anything. */
const openLog = (config: Config) => {
  const path = join(dirname(config.databasePath), 'cli.log')
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const descriptor = openSync(path, 'a', 0o600) // closed with the process
    fchmodSync(descriptor, 0o600)
    return createLogTo(linesTo(descriptor), 'info')
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

// Rehearsal of a command: its operation runs on the database, in a transaction that is rolled back: its
// changes, its audit rows and its entries in the ledger do not stay.
import { type Effects, effectsSince, readBefore } from '../admin/effects.ts'
import type { AdminCall } from '../admin/operation.ts'
import type { Config } from '../config.ts'
import { type Deps, assembleDeps, openedParts } from '../deps.ts'
import { StartRefused } from '../errors.ts'
import { requireDatabaseFile } from '../node/files/database-file.ts'
import { loadKek } from '../node/files/key-encryption-key.ts'
import { createLedger } from '../node/ledger/queue.ts'
import { createLedgerReader, ledgerPath } from '../node/ledger/writer.ts'
import { rehearse } from '../store/sqlite/existing.ts'

export type Rehearsal<T> = { result: T; effects: Effects }

export type Stage = Pick<Deps, 'clock' | 'log'> & {
  config: Config
  /** The call of the operation, but for its dependencies. */
  call: Omit<AdminCall, 'deps'>
}

/** @throws StartRefused if there is no database, or one that has to be migrated; the errors of the operation */
export const rehearsed = async <T>(
  operation: (call: AdminCall) => Promise<T>,
  { config, clock, log, call }: Stage,
): Promise<Rehearsal<T>> => {
  const { databasePath } = config
  if (requireDatabaseFile(databasePath).isNew) {
    throw new StartRefused(`there is no Latchkey database at ${databasePath}`)
  }
  const kek = loadKek(config, true)
  const ledger = createLedger({ writer: createLedgerReader(ledgerPath(config)), log })
  return await rehearse(databasePath, async (store) => {
    const opened = openedParts({ store, kek, clock })
    const deps = assembleDeps({
      opened,
      settings: config,
      platform: { log, clock, ledger, metrics: null },
    })
    const before = await readBefore(deps)
    const result = await operation({ ...call, deps })
    return { result, effects: await effectsSince(deps, before, matchedOf(result)) }
  })
}

/** Number of tokens that the answer of `run revoke` has. */
const matchedOf = (result: unknown): number | null => {
  const { matched } = (result ?? {}) as { matched?: unknown }
  return typeof matched === 'number' ? matched : null
}

/** Members with credentials. Those of a rehearsal do not exist, and a token of it would be accepted. */
const CREDENTIALS = [
  'client_secret',
  'access_token',
  'enrollment_token',
  'registration_access_token',
]

/** Replaces credentials, which a rehearsal has made, by a word. */
export const withoutCredentials = <T>(result: T): T => {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result
  const members = Object.entries(result).map(([name, value]) =>
    CREDENTIALS.includes(name) ? [name, 'dry-run'] : [name, value],
  )
  return Object.fromEntries(members) as T
}

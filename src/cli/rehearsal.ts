// Rehearsal of a command: its operation runs on the database, and its writes are rolled back. It adds no row to the audit
// and no entry to the ledger.
import { type Effects, NO_EFFECTS, effectsOf, readAfter } from '../admin/effects.ts'
import type { AdminCall } from '../admin/operation.ts'
import type { Config } from '../config.ts'
import { cryptographyOf } from '../node/cryptography.ts'
import { type Deps, assembleDeps, openedParts } from '../deps.ts'
import { StartRefused } from '../errors.ts'
import { requireDatabaseFile } from '../node/files/database-file.ts'
import { loadKek } from '../node/files/key-encryption-key.ts'
import { createLedger } from '../node/ledger/queue.ts'
import { createLedgerReader, ledgerPath } from '../node/ledger/writer.ts'
import { rehearse } from '../store/sqlite/existing.ts'
import type { Store } from '../store/store.ts'

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
  const platform = { log, clock, ledger, metrics: null }
  return await rehearse(databasePath, {
    async steps(store, before) {
      const opened = openedParts({
        store: withoutAudit(store),
        kek,
        clock,
        cryptography: cryptographyOf(config),
      })
      const deps = assembleDeps({ opened, settings: config, platform })
      const result = await operation({ ...call, deps })
      const unchanged = before()
      return { result, after: unchanged === null ? null : await readAfter(deps, unchanged) }
    },
    async conclude({ result, after }, before) {
      // An operation that has written nothing has changed nothing.
      if (after === null || before === null) return { result, effects: NO_EFFECTS }
      const deps = { ...platform, store: before }
      return { result, effects: await effectsOf(deps, after, matchedOf(result)) }
    },
  })
}

/** The row of the intent is the first write of each operation: the lock would be held while keys are made. */
const withoutAudit = (store: Store): Store => ({ ...store, addAuditEvents: async () => {} })

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

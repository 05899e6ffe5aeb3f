// Rehearsal of a change: its operation runs on the database, and its writes are rolled back. It adds no row to the audit
// and no entry to the ledger.
import { type Effects, NO_EFFECTS, effectsOf, readAfter } from '../../admin/effects.ts'
import type { AdminCall } from '../../admin/operation.ts'
import type { Config } from '../../config.ts'
import { type Deps, assembleDeps, openedParts } from '../../deps.ts'
import { StartRefused } from '../../errors.ts'
import { type RehearsalEvents, rehearse } from '../../store/sqlite/existing.ts'
import type { NewAuditEvent, Store } from '../../store/store.ts'
import { cryptographyOf } from '../cryptography.ts'
import { requireDatabaseFile } from '../files/database-file.ts'
import { loadKek } from '../files/key-encryption-key.ts'
import { createLedger } from '../ledger/queue.ts'
import { createLedgerReader, ledgerPath } from '../ledger/writer.ts'

export type Rehearsal<T> = { result: T; effects: Effects }

/** Settings that a rehearsal needs. Threads can send them to each other. */
export type RehearsalConfig = Pick<
  Config,
  | 'databasePath'
  | 'keysDirectory'
  | 'kek'
  | 'kekFile'
  | 'issuer'
  | 'tokenTtlSeconds'
  | 'algorithms'
  | 'keyRotationSeconds'
  | 'workers'
>

export type Stage = Pick<Deps, 'clock' | 'log'> &
  RehearsalEvents & {
    config: RehearsalConfig
    /** The call of the operation, but for its dependencies. */
    call: Omit<AdminCall, 'deps'>
    /** Called with each row of the audit in place of writing it. */
    onAudit?: (event: NewAuditEvent) => void
  }

/** @throws StartRefused if there is no database, or one that has to be migrated; the errors of the operation */
export const rehearsed = async <T>(
  operation: (call: AdminCall) => Promise<T>,
  { config, clock, log, call, onLock, onAudit = () => {} }: Stage,
): Promise<Rehearsal<T>> => {
  const { databasePath } = config
  if (requireDatabaseFile(databasePath).isNew) {
    throw new StartRefused(`there is no Latchkey database at ${databasePath}`)
  }
  const kek = loadKek(config, true)
  const ledger = createLedger({ writer: createLedgerReader(ledgerPath(config)), log })
  const platform = { log, clock, ledger, metrics: null }
  const { workspaceId } = call.authority
  return await rehearse(databasePath, {
    onLock,
    async steps(store, before) {
      const opened = openedParts({
        store: withoutAudit(store, onAudit),
        kek,
        clock,
        cryptography: cryptographyOf(config),
      })
      const deps = assembleDeps({ opened, settings: config, platform })
      const result = await operation({ ...call, deps })
      const unchanged = before()
      return {
        result,
        after: unchanged === null ? null : await readAfter(deps, unchanged, workspaceId),
      }
    },
    async conclude({ result, after }, before) {
      // An operation that has written nothing has changed nothing.
      if (after === null || before === null) return { result, effects: NO_EFFECTS }
      const deps = { ...platform, store: before }
      const matched = matchedOf(result)
      return { result, effects: await effectsOf(deps, after, { matched, workspaceId }) }
    },
  })
}

/** The row of the intent is the first write of each operation: the lock would be held while keys are made. */
const withoutAudit = (store: Store, onAudit: (event: NewAuditEvent) => void): Store => ({
  ...store,
  addAuditEvents: async (events) => events.forEach(onAudit),
})

/** Number of tokens that the answer of `run revoke` has. */
const matchedOf = (result: unknown): number | null => {
  const { matched } = (result ?? {}) as { matched?: unknown }
  return typeof matched === 'number' ? matched : null
}

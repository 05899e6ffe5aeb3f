// The once-a-minute job: writes counted events, seals new audit rows, rotates keys, and deletes expired audit rows,
// rules, unused clients and keys. A failing step does not stop the others.
import { type Audit, audited } from '../audit/record.ts'
import { cutOldRows, sealExists, sealNewRows } from '../audit/sealing.ts'
import { sealingKey } from '../audit/seals.ts'
import { ENROLLMENT_RETENTION_SECONDS, UNUSED_START_DELAY_SECONDS } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { reasonOf } from '../errors.ts'
import { unlessOvertaken } from '../store/conflicts.ts'
import type { Ledger } from '../store/ledger.ts'
import { keepKeys } from '../signing/rotation.ts'
import type { AuditSeal, Cause } from '../store/store.ts'
import { createTimekeeper } from './timekeeper.ts'
import type { LastUsed } from './last-used.ts'

export type Upkeep = {
  /** Writes counted events and uses of secrets. Does not throw: a failed write is repeated the next time. */
  flush(): Promise<void>
  /** Writes the settled time, for example after a jump of the clock. Does not throw. */
  keepTime(): Promise<void>
  /** Runs all steps. Does not throw. */
  run(): Promise<void>
}

type UpkeepDeps = Pick<
  Deps,
  'store' | 'clock' | 'monotonic' | 'log' | 'kek' | 'algorithms' | 'keyRotationSeconds'
> & {
  audit: Pick<Audit, 'write' | 'flush'>
  lastUsed: Pick<LastUsed, 'flush'>
  ledger?: Pick<Ledger, 'prune'> | null
  /** Null: audit rows are not deleted. */
  retentionSeconds: number | null
  /** Latest time that the clock has given, in milliseconds since the epoch. Default: the current time. */
  latest?: () => number
  /** Source of the settled time: this process, or a platform that calls once a minute and ends processes. */
  livesBy?: 'process' | 'schedule'
}

export const createUpkeep = (deps: UpkeepDeps): Upkeep => {
  const { store, log, audit, lastUsed, retentionSeconds } = deps
  const key = sealingKey(deps.kek)
  const time = createTimekeeper(deps)
  /** Start of the process, from which clients could log in. On a platform that calls by schedule: long ago. */
  const startedAt = deps.livesBy === 'schedule' ? -Infinity : deps.monotonic()
  /** Newest seal that this process has read or written. */
  let newest: AuditSeal | null = null

  const attempt = (message: string, step: () => Promise<void>): Promise<void> =>
    step().catch((error: unknown) => log.error({ reason: reasonOf(error) }, message))

  /** Reports a lost seal once; the next seal continues from the newest one left. */
  const checkNewestSeal = async (): Promise<void> => {
    if (newest === null || (await sealExists(newest, { store, key }))) return
    const target = String(newest.lastSeq)
    log.error({ lastSeq: newest.lastSeq }, 'a seal of the audit table was deleted or replaced')
    const event = { actor: 'server', action: 'audit.seal', target } as const
    await audit.write({ ...event, outcome: 'refused', reason: 'audit_truncated' })
  }

  const seal = async (): Promise<void> => {
    await checkNewestSeal()
    newest = await sealNewRows({ store, key, now: nowSeconds(deps) })
  }

  const cut = async (settled: number): Promise<void> => {
    if (retentionSeconds === null) return
    await cutOldRows({ store, key, now: nowSeconds(deps), settled }, retentionSeconds)
  }

  const remove = async (settled: number): Promise<void> => {
    const runningMs = deps.monotonic() - startedAt
    if (runningMs >= UNUSED_START_DELAY_SECONDS * 1000) await removeUnused(deps, settled)
    await store.pruneEnrollments(settled - ENROLLMENT_RETENTION_SECONDS)
  }

  const flush = async (): Promise<void> => {
    await attempt('counted audit events could not be written', () => audit.flush())
    await attempt('the times of last use of secrets could not be written', () => lastUsed.flush())
  }

  const keepTime = async (): Promise<number | null> => {
    let settled: number | null = null
    await attempt('the settled time could not be written', async () => {
      settled = await time.keep()
    })
    return settled
  }

  /** Runs the steps that cannot be undone. The settled time decides about them; if it cannot be read, none runs. */
  const irreversible = async (settled: number): Promise<void> => {
    await attempt('signing keys could not be rotated', () => keepKeys({ ...deps, settled }))
    await attempt('old audit events could not be deleted', () => cut(settled))
    await attempt('unused clients and old enrollments could not be deleted', () => remove(settled))
    await attempt('expired rules could not be deleted', () => store.pruneRevocations(settled))
    await attempt('expired tokens could not be deleted from the ledger', async () =>
      deps.ledger?.prune(settled),
    )
  }

  return {
    flush,
    async keepTime() {
      await keepTime()
    },
    async run() {
      await flush()
      const settled = await keepTime()
      await attempt('new audit events could not be sealed', seal)
      if (settled !== null) await irreversible(settled)
    },
  }
}

/**
 * Deletes clients that have not logged in for their `unused_after_days`. A client that was changed in between is checked
 * again in the next run.
 */
const removeUnused = async (
  deps: Pick<UpkeepDeps, 'store' | 'log' | 'audit' | 'clock'>,
  settled: number,
) => {
  for (const client of await deps.store.listUnusedClients(settled)) {
    const event = { actor: 'server', action: 'client.delete_unused', target: client.id }
    const deletion = (_: unknown, cause: Cause) =>
      deps.store.deleteClient(client, nowSeconds(deps), cause)
    await unlessOvertaken(audited(deps, event, deletion))
  }
}

// What is done beside the requests, once a minute: what was counted is written, new audit rows are sealed, and what is
// old goes: audit rows, rules, unused clients, keys. Each step fails alone.
import { type Audit, audited } from '../audit/record.ts'
import { cutOldRows, isStillThere, sealNewRows } from '../audit/sealing.ts'
import { sealingKey } from '../audit/seals.ts'
import { ENROLLMENT_RETENTION_SECONDS, UNUSED_START_DELAY_SECONDS } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { Conflict, reasonOf } from '../errors.ts'
import type { Ledger } from '../store/ledger.ts'
import { keepKeys } from '../signing/rotation.ts'
import type { AuditSeal } from '../store/store.ts'
import { createTimekeeper } from './timekeeper.ts'
import type { LastUsed } from './last-used.ts'

export type Upkeep = {
  /** Writes what has been counted. Never throws: what cannot be written is kept for the next time. */
  flush(): Promise<void>
  /** Writes how far time has come, as after a jump of the clock. Never throws. */
  keepTime(): Promise<void>
  /** All of it. Never throws. */
  run(): Promise<void>
}

type UpkeepDeps = Pick<
  Deps,
  'store' | 'clock' | 'monotonic' | 'log' | 'kek' | 'algorithms' | 'keyRotationSeconds'
> & {
  audit: Pick<Audit, 'write' | 'flush'>
  usage: Pick<LastUsed, 'flush'>
  ledger?: Pick<Ledger, 'prune'> | null
  /** Null: audit rows are kept for good. */
  retentionSeconds: number | null
  /** The latest time that the clock has given, in milliseconds since the epoch. Default: what it gives now. */
  latest?: () => number
  /** How the time lived is counted: by this process, or by a platform that calls once a minute and ends processes. */
  livesBy?: 'process' | 'schedule'
}

export const createUpkeep = (deps: UpkeepDeps): Upkeep => {
  const { store, log, audit, usage, retentionSeconds } = deps
  const key = sealingKey(deps.kek)
  const time = createTimekeeper(deps)
  /** Since when clients could log in; on a platform that is always there, since ever. */
  const startedAt = deps.livesBy === 'schedule' ? -Infinity : deps.monotonic()
  /** The newest seal that this process has seen. */
  let newest: AuditSeal | null = null

  const attempt = (message: string, step: () => Promise<void>): Promise<void> =>
    step().catch((error: unknown) => log.error({ reason: reasonOf(error) }, message))

  /** Said once, and gone on with what is there. */
  const missNewest = async (): Promise<void> => {
    if (newest === null || (await isStillThere(newest, { store, key }))) return
    const target = String(newest.lastSeq)
    log.error({ lastSeq: newest.lastSeq }, 'a seal of the audit table is gone or another one')
    const event = { actor: 'server', action: 'audit.seal', target } as const
    await audit.write({ ...event, outcome: 'refused', reason: 'audit_truncated' })
  }

  const seal = async (): Promise<void> => {
    await missNewest()
    newest = await sealNewRows({ store, key, now: nowSeconds(deps) })
  }

  const cut = async (settled: number): Promise<void> => {
    if (retentionSeconds === null) return
    await cutOldRows({ store, key, now: nowSeconds(deps), settled }, retentionSeconds)
  }

  const remove = async (settled: number): Promise<void> => {
    const open = deps.monotonic() - startedAt
    if (open >= UNUSED_START_DELAY_SECONDS * 1000) await removeUnused(deps, settled)
    await store.pruneEnrollments(settled - ENROLLMENT_RETENTION_SECONDS)
  }

  const flush = async (): Promise<void> => {
    await attempt('counted audit events could not be written', () => audit.flush())
    await attempt('the last use of secrets could not be written', () => usage.flush())
  }

  const keepTime = async (): Promise<number | null> => {
    let settled: number | null = null
    await attempt('the time that has passed could not be written', async () => {
      settled = await time.keep()
    })
    return settled
  }

  /** What cannot be undone is decided by the settled time; where that is not known, nothing of it is done. */
  const irreversible = async (settled: number): Promise<void> => {
    await attempt('signing keys could not be rotated', () => keepKeys({ ...deps, settled }))
    await attempt('old audit events could not be cut', () => cut(settled))
    await attempt('unused clients and old enrollments could not be removed', () => remove(settled))
    await attempt('rules that have expired could not be removed', () =>
      store.pruneRevocations(settled),
    )
    await attempt('expired tokens could not be taken out of the ledger', async () =>
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
 * Clients that were told to go after a time without a login. One that has been changed in the meantime is looked
 * at again the next time.
 */
const removeUnused = async (
  deps: Pick<UpkeepDeps, 'store' | 'log' | 'audit' | 'clock'>,
  settled: number,
) => {
  for (const client of await deps.store.listUnusedClients(settled)) {
    const event = { actor: 'server', action: 'client.delete_unused', target: client.id }
    await audited(deps, event, () => deps.store.deleteClient(client, nowSeconds(deps))).catch(
      (error) => {
        if (!(error instanceof Conflict)) throw error
      },
    )
  }
}

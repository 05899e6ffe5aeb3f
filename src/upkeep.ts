// What is done beside the requests, once a minute: what was counted is written, signing keys are rotated, new
// audit rows are sealed, old ones cut. Each step fails alone.
import { type Audit, audited } from './audit.ts'
import { cutOldRows, isStillThere, sealNewRows } from './audit/sealing.ts'
import { sealingKey } from './audit/seals.ts'
import { type Deps, nowSeconds } from './deps.ts'
import { ENROLLMENT_RETENTION_SECONDS, UNUSED_START_DELAY_SECONDS } from './constants.ts'
import { Conflict, reasonOf } from './errors.ts'
import type { Ledger } from './ledger.ts'
import { keepKeys } from './signing/rotation.ts'
import type { AuditSeal } from './store/store.ts'
import type { Usage } from './usage.ts'

export type Upkeep = {
  /** Writes what has been counted. Never throws: what cannot be written is kept for the next time. */
  flush(): Promise<void>
  /** That, and the audit table. Never throws. */
  run(): Promise<void>
}

type UpkeepDeps = Pick<
  Deps,
  'store' | 'clock' | 'log' | 'kek' | 'algorithms' | 'keyRotationSeconds'
> & {
  audit: Pick<Audit, 'write' | 'flush'>
  usage: Pick<Usage, 'flush'>
  ledger?: Pick<Ledger, 'prune'> | null
  /** Null: audit rows are kept for good. */
  retentionSeconds: number | null
  /** Since when clients could log in, in seconds since the epoch. Default: now. */
  startedAt?: number
}

export const createUpkeep = (deps: UpkeepDeps): Upkeep => {
  const { store, log, audit, usage, retentionSeconds } = deps
  const key = sealingKey(deps.kek)
  const startedAt = deps.startedAt ?? nowSeconds(deps)
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

  const cut = async (): Promise<void> => {
    if (retentionSeconds === null) return
    await cutOldRows({ store, key, now: nowSeconds(deps) }, retentionSeconds)
  }

  const remove = async (): Promise<void> => {
    const now = nowSeconds(deps)
    if (now - startedAt >= UNUSED_START_DELAY_SECONDS) await removeUnused(deps, now)
    await store.pruneEnrollments(now - ENROLLMENT_RETENTION_SECONDS)
  }

  const flush = async (): Promise<void> => {
    await attempt('counted audit events could not be written', () => audit.flush())
    await attempt('the last use of secrets could not be written', () => usage.flush())
  }

  return {
    flush,
    async run() {
      await flush()
      await attempt('signing keys could not be rotated', () => keepKeys(deps))
      await attempt('new audit events could not be sealed', seal)
      await attempt('old audit events could not be cut', cut)
      await attempt('unused clients and old enrollments could not be removed', remove)
      await attempt('rules that have expired could not be removed', () =>
        store.pruneRevocations(nowSeconds(deps)),
      )
      await attempt('expired tokens could not be taken out of the ledger', async () =>
        deps.ledger?.prune(nowSeconds(deps)),
      )
    },
  }
}

/**
 * Clients that were told to go after a time without a login. One that has been changed in the meantime is looked
 * at again the next time.
 */
const removeUnused = async (deps: Pick<UpkeepDeps, 'store' | 'log' | 'audit'>, now: number) => {
  for (const client of await deps.store.listUnusedClients(now)) {
    const event = { actor: 'server', action: 'client.delete_unused', target: client.id }
    await audited(deps, event, () => deps.store.deleteClient(client, now)).catch((error) => {
      if (!(error instanceof Conflict)) throw error
    })
  }
}

// The status of a server: its process, its database, keys, list, audit and ledger.
import { isCut, macOf, sealingKey } from '../audit/seals.ts'
import { VERSION } from '../constants.ts'
import type { Storage } from '../deps.ts'
import { nextPromotionAt } from '../signing/keyring.ts'
import { countOut } from '../store/ledger.ts'
import type { AuditRow } from '../store/store.ts'
import { requireUnbound } from './authority.ts'
import { type AdminCall, now } from './operation.ts'
import { timeOrNull } from './views/common.ts'
import type { Status } from './views/status.ts'

export const showStatus = async (call: AdminCall): Promise<Status> => {
  const { deps, authority } = call
  requireUnbound(authority)
  const storage = (await deps.host?.readStorage()) ?? null
  return {
    version: VERSION,
    server: serverOf(call),
    database: { schema: storage?.schema ?? null, file: storage?.database ?? null },
    keys: await keysOf(call),
    revocation: await revocationOf(call),
    audit: await auditOf(call),
    ledger: await ledgerOf(call, storage),
    disk_free_bytes: storage?.freeBytes ?? null,
  }
}

const serverOf = ({ deps: { host, issuer, clock } }: AdminCall): Status['server'] => {
  if (!host?.server) return null
  const { startedAt, countFollowers } = host.server
  return {
    state: 'running',
    address: issuer,
    version: VERSION,
    uptime_seconds: Math.max(0, Math.floor((clock() - startedAt) / 1000)),
    followers: countFollowers(),
  }
}

const keysOf = async ({ deps }: AdminCall): Promise<Status['keys']> => {
  const { algorithms, keyRotationSeconds: rotationSeconds } = deps
  const keys = await deps.store.listKeys()
  return algorithms.map((algorithm) => {
    const kidOf = (state: string): string | null =>
      keys.find((key) => key.algorithm === algorithm && key.state === state)?.kid ?? null
    return {
      algorithm,
      active_kid: kidOf('active'),
      next_kid: kidOf('next'),
      next_change_at: timeOrNull(
        nextPromotionAt(keys, { algorithms: [algorithm], rotationSeconds }),
      ),
    }
  })
}

const revocationOf = async ({ deps: { store } }: AdminCall): Promise<Status['revocation']> => {
  const { epoch, seq: head } = await store.findRevocationHead()
  return { epoch, head, rules: await store.countRules() }
}

/** Numbers of rows have no gaps, unless rows are missing: `audit verify` finds those. */
const auditOf = async (call: AdminCall): Promise<Status['audit']> => {
  const { store } = call.deps
  const end = async (newestFirst: boolean): Promise<AuditRow | undefined> => {
    const page = { filter: {}, after: null, limit: 1, newestFirst }
    return (await store.listAuditEvents(page)).rows[0]
  }
  const oldest = await end(false)
  const newest = await end(true)
  const seal = await store.findNewestAuditSeal()
  const last = newest?.seq ?? 0
  return {
    events: oldest === undefined ? 0 : last - oldest.seq + 1,
    unsealed: Math.max(0, last - (seal?.lastSeq ?? 0)),
    sealed_at: timeOrNull(seal?.createdAt ?? null),
    newest_seal: await newestSealOf(call),
  }
}

const newestSealOf = async ({
  deps: { store, kek },
}: AdminCall): Promise<Status['audit']['newest_seal']> => {
  const seal = await store.findNewestAuditSeal()
  if (seal === null) return null
  const key = sealingKey(kek)
  // Retention has deleted the digests of a cut seal, and perhaps the seal before it. The MAC of the cut remains.
  if (seal.cutMac !== null) return isCut(seal, key) ? 'intact' : 'changed'
  const [before] = await store.listAuditSeals(Math.max(0, seal.firstSeq - 2), 1)
  const previousMac = before === undefined || before.lastSeq >= seal.lastSeq ? null : before.mac
  return macOf(seal, previousMac, key) === seal.mac ? 'intact' : 'changed'
}

const ledgerOf = async (call: AdminCall, storage: Storage | null): Promise<Status['ledger']> => {
  if (call.deps.ledger === null) return null
  return { tokens: await countOut(call.deps, {}, now(call)), file: storage?.ledger ?? null }
}

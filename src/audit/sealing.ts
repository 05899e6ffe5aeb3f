// Seals the rows that are new, and cuts away those that are old. Any number of processes may do both at once.
import { AUDIT_CUT_DELAY_SECONDS, MAX_SEALED_ROWS } from '../constants.ts'
import { Conflict } from '../errors.ts'
import type { AuditRow, AuditSeal, Store } from '../store/store.ts'
import { isCounted, letOthersRun } from './rows.ts'
import { cutMacOf, isCut, sealOf } from './seals.ts'

type Sealing = { store: Store; key: Uint8Array; now: number }

/** @returns the newest seal once every row is sealed; null where there is no row yet */
export const sealNewRows = async ({ store, key, now }: Sealing): Promise<AuditSeal | null> => {
  for (;;) {
    const previous = await store.findNewestAuditSeal()
    const { rows } = await store.listAuditEvents({
      filter: {},
      after: previous?.lastSeq ?? null,
      limit: MAX_SEALED_ROWS,
      newestFirst: false,
    })
    const [first, ...rest] = rows.filter(isCounted)
    if (first === undefined) return previous
    const seal = sealOf([first, ...rest], { previous, now, key })
    // Where another process was faster, its seal is the previous one of the next try.
    await store.addAuditSeal(seal, previous?.lastSeq ?? null)
    await letOthersRun()
  }
}

/**
 * False where a seal that was there has been taken away, other than by retention, or is another one now. Who
 * can write the database can take the newest seals away together with their rows, which nothing in it shows.
 */
export const isStillThere = async (
  seal: AuditSeal,
  { store, key }: Pick<Sealing, 'store' | 'key'>,
): Promise<boolean> => {
  const [found] = await store.listAuditSeals(seal.lastSeq - 1, 1)
  if (found === undefined) return false
  return found.lastSeq === seal.lastSeq ? found.mac === seal.mac : isCut(found, key)
}

/** Cuts at the newest seal up to which every row is older than that; not for a few rows each time. */
export const cutOldRows = async (
  { store, key, now }: Sealing,
  retentionSeconds: number,
): Promise<void> => {
  const before = now - retentionSeconds
  const oldest = await oldestRow(store)
  if (oldest === undefined || oldest.createdAt >= before - AUDIT_CUT_DELAY_SECONDS) return
  const seal = await store.findAuditCut(before)
  if (seal === null) return
  const cut = { lastSeq: seal.lastSeq, cutMac: cutMacOf(seal, key) }
  const event = { actor: 'server', action: 'audit.cut', target: String(seal.lastSeq), count: 1 }
  try {
    await store.cutAudit(cut, { ...event, outcome: 'success' }, now)
  } catch (error) {
    if (!(error instanceof Conflict)) throw error // another process was faster
  }
}

const oldestRow = async (store: Store): Promise<AuditRow | undefined> => {
  const page = { filter: {}, after: null, limit: 1, newestFirst: false }
  return (await store.listAuditEvents(page)).rows[0]
}

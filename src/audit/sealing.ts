// Seals new audit rows and deletes those beyond retention. Any number of processes may do both at once.
import { AUDIT_CUT_DELAY_SECONDS, MAX_AUDIT_CUTS, MAX_SEALED_ROWS } from '../constants.ts'
import { unlessOvertaken } from '../store/conflicts.ts'
import { letOthersRun } from '../store/pause.ts'
import type { AuditRow, AuditSeal, NewAuditEvent, Store } from '../store/store.ts'
import { isCounted, readSteps } from './rows.ts'
import { cutMacOf, isCut, sealOf } from './seals.ts'

type Sealing = { store: Store; key: Uint8Array; now: number }

/** The settled time, in seconds since the epoch, decides which rows are old: a deletion cannot be undone. */
type Cutting = Sealing & { settled: number }

/** Seals all rows that have no seal. @returns the newest seal; null while the table is empty */
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
    // The next try continues from the newest seal, also if another process has added that one.
    await store.addAuditSeal(seal, previous?.lastSeq ?? null)
    await letOthersRun()
  }
}

/**
 * False for a seal that was deleted by anything but retention, or replaced. An attacker who can write to the database
 * can delete the newest seals together with their rows, and the remaining table looks intact.
 */
export const sealExists = async (
  seal: AuditSeal,
  { store, key }: Pick<Sealing, 'store' | 'key'>,
): Promise<boolean> => {
  const [found] = await store.listAuditSeals(seal.lastSeq - 1, 1)
  if (found === undefined) return false
  return found.lastSeq === seal.lastSeq ? found.mac === seal.mac : isCut(found, key)
}

/**
 * Deletes the rows of each seal whose rows are all beyond retention, one seal at a time. A run adds one audit event,
 * with its last step. It waits until the oldest row is AUDIT_CUT_DELAY_SECONDS beyond retention, so that rows are not
 * deleted a few at a time.
 */
export const cutOldRows = async (
  { store, key, now, settled }: Cutting,
  retentionSeconds: number,
): Promise<void> => {
  const before = settled - retentionSeconds
  const oldest = await oldestRow(store)
  if (oldest === undefined || oldest.createdAt >= before - AUDIT_CUT_DELAY_SECONDS) return
  // Another process that has deleted these rows continues, and its event names a later row.
  await unlessOvertaken(cutOneByOne({ store, key, now }, before))
}

const cutOneByOne = async ({ store, key, now }: Sealing, before: number): Promise<void> => {
  let seal = await findCut({ store, before, after: null })
  for (let cuts = 1; seal !== null; cuts++) {
    const { lastSeq } = seal
    const next = cuts < MAX_AUDIT_CUTS ? await findCut({ store, before, after: lastSeq }) : null
    const event = next === null ? cutEvent(lastSeq) : null
    await store.cutAudit({ lastSeq, cutMac: cutMacOf(seal, key) }, event, now)
    await letOthersRun()
    seal = next
  }
}

const cutEvent = (lastSeq: number): NewAuditEvent => ({
  actor: 'server',
  action: 'audit.cut',
  target: String(lastSeq),
  outcome: 'success',
  count: 1,
})

type Cut = {
  store: Store
  before: number
  /** Last row of the seal that this run has deleted last; null at its start. */
  after: number | null
}

/** Finds the first undeleted seal behind `after`, if every row up to its end is older than `before`. */
const findCut = async ({ store, before, after }: Cut): Promise<AuditSeal | null> => {
  const seal = await firstUncut(store, after ?? 0)
  if (seal === null) return null
  for await (const rows of readSteps(store, { after, upTo: seal.lastSeq })) {
    if (rows.some(({ createdAt }) => createdAt >= before)) return null
  }
  return seal
}

const firstUncut = async (store: Store, after: number): Promise<AuditSeal | null> => {
  const [seal] = await store.listAuditSeals(after, 1)
  if (seal === undefined || seal.cutMac === null) return seal ?? null
  return await firstUncut(store, seal.lastSeq)
}

const oldestRow = async (store: Store): Promise<AuditRow | undefined> => {
  const page = { filter: {}, after: null, limit: 1, newestFirst: false }
  return (await store.listAuditEvents(page)).rows[0]
}

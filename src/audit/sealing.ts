// Seals the rows that are new, and cuts away those that are old. Any number of processes may do both at once.
import { AUDIT_CUT_DELAY_SECONDS, MAX_AUDIT_CUTS, MAX_SEALED_ROWS } from '../constants.ts'
import { Conflict } from '../errors.ts'
import { letOthersRun } from '../store/pause.ts'
import type { AuditRow, AuditSeal, NewAuditEvent, Store } from '../store/store.ts'
import { isCounted, readSteps } from './rows.ts'
import { cutMacOf, isCut, sealOf } from './seals.ts'

type Sealing = { store: Store; key: Uint8Array; now: number }

/** Rows are old by the settled time, in seconds since the epoch: a cut cannot be undone. */
type Cutting = Sealing & { settled: number }

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

/**
 * Cuts seals whose rows are all older than that, one at a time, so that each step takes the rows of one seal. A run
 * leaves one event, with its last step. Nothing is cut for a few rows each time.
 */
export const cutOldRows = async (
  { store, key, now, settled }: Cutting,
  retentionSeconds: number,
): Promise<void> => {
  const before = settled - retentionSeconds
  const oldest = await oldestRow(store)
  if (oldest === undefined || oldest.createdAt >= before - AUDIT_CUT_DELAY_SECONDS) return
  try {
    let seal = await findCut({ store, before, after: null })
    for (let cuts = 1; seal !== null; cuts++) {
      const { lastSeq } = seal
      const next = cuts < MAX_AUDIT_CUTS ? await findCut({ store, before, after: lastSeq }) : null
      const event = next === null ? cutEvent(lastSeq) : null
      await store.cutAudit({ lastSeq, cutMac: cutMacOf(seal, key) }, event, now)
      await letOthersRun()
      seal = next
    }
  } catch (error) {
    // Another process was faster. It goes on, and its event is about a later row.
    if (!(error instanceof Conflict)) throw error
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
  /** The end of the seal that is cut first; null: none is. */
  after: number | null
}

/** Finds the first seal behind `after` that is not cut, if every row up to its end is older than `before`. */
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

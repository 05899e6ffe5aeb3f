// Verification of the audit table: compares each row with its seal, from the oldest seal to the newest.
import { AUDIT_PAGE_SEALS } from '../constants.ts'
import { letOthersRun } from '../store/pause.ts'
import type { AuditSeal, Store } from '../store/store.ts'
import { type Finding, type Findings, createFindings } from './findings.ts'
import { type Reading, type Rows, createRows, isCounted, readSteps } from './rows.ts'
import { digestOf, isCut, macOf, readDigests } from './seals.ts'

export type AuditReport = {
  intact: boolean
  /** Number of rows that were compared with their seals. */
  checked: number
  /** The newest seal: an operator who records its number and its MAC can require that seal in a later check. */
  sealedTo: number | null
  sealedAt: number | null
  sealedMac: string | null
  /** Number of rows after the newest seal. */
  unsealed: number
  /** Number of findings; `findings` has the first MAX_AUDIT_FINDINGS. */
  found: number
  findings: Finding[]
}

/** Covers a few adjacent seals that an attacker has changed, each in another way. */
const MAX_CANDIDATES = 4

/** The previous seal of the chain. */
type Before = {
  firstSeq: number
  lastSeq: number
  /** Candidates for its MAC: the stored one and, if that was changed, the computed ones. */
  macs: (string | null)[]
  /** True if the seal before it is missing, so that its own MAC could not be checked. */
  unchecked?: boolean
}

/** A seal recorded outside the database, beyond the reach of anyone who can write to it. */
export type RecordedSeal = { seq: number; mac: string }

type Check = {
  store: Store
  key: Uint8Array
  recordedSeal?: RecordedSeal | undefined
  /** Called after each page of the read; ends the check by throwing. */
  onStep?: () => Promise<void>
  /** Called after each page with the number of rows that were compared with their seals. */
  onChecked?: ((checked: number) => void) | undefined
}

type Walk = Reading & { key: Uint8Array; findings: Findings; rows: Rows; checked: number }

/** Checks the whole table. Rows that are sealed, and rows that retention deletes during the check are no finding. */
export const checkAudit = async ({
  store,
  key,
  recordedSeal,
  onStep = async () => {},
  onChecked,
}: Check): Promise<AuditReport> => {
  const cutTo = async (): Promise<number> => {
    const [oldest] = await store.listAuditSeals(0, 1)
    return oldest !== undefined && isCut(oldest, key) ? oldest.lastSeq : 0
  }
  const walk: Walk = {
    store,
    key,
    onStep,
    checked: 0,
    findings: createFindings(cutTo),
    rows: createRows({
      store,
      onStep() {
        onChecked?.(walk.checked)
        return onStep()
      },
    }),
  }
  let newest: AuditSeal | null = null
  let hasRecordedSeal = recordedSeal === undefined
  let before: Before = { firstSeq: 0, lastSeq: 0, macs: [null] }
  for await (const seal of seals(walk)) {
    before = await checkSeal(walk, seal, before)
    newest = seal
    if (seal.lastSeq === recordedSeal?.seq && seal.mac === recordedSeal.mac) hasRecordedSeal = true
  }
  if (!hasRecordedSeal && recordedSeal !== undefined) {
    await walk.findings.add('seal_missing', recordedSeal.seq)
  }
  const unsealed = await countUnsealed(walk)
  await findAddedBefore(walk, await cutTo())
  await findAddedBeyond(walk)
  await recognizeMoved(walk)
  const found = walk.findings.count()
  return {
    intact: found === 0,
    checked: walk.checked,
    unsealed,
    sealedTo: newest?.lastSeq ?? null,
    sealedAt: newest?.createdAt ?? null,
    sealedMac: newest?.mac ?? null,
    found,
    findings: walk.findings.list(),
  }
}

const seals = async function* ({ store, onStep }: Reading): AsyncGenerator<AuditSeal> {
  let after = 0
  for (;;) {
    const page = await store.listAuditSeals(after, AUDIT_PAGE_SEALS)
    await letOthersRun()
    await onStep()
    const last = page.at(-1)
    if (last === undefined || last.lastSeq === after) return
    yield* page
    after = last.lastSeq
  }
}

const checkSeal = async (walk: Walk, seal: AuditSeal, before: Before): Promise<Before> => {
  const { rows, findings, key } = walk
  const { firstSeq, lastSeq, mac } = seal
  // Retention has deleted all rows up to here. Rows inserted in their place are searched for at the end.
  if (isCut(seal, key)) return { firstSeq, lastSeq, macs: [mac] }
  const link = await checkLink(walk, seal, before)
  const digests = readDigests(seal.digests)
  for await (const row of rows.upTo(lastSeq, missingIn(findings))) {
    if (row.seq < firstSeq || digests === null) continue // no seal has a digest of it
    walk.checked++
    const sealed = digests.get(row.seq)
    const digest = digestOf(row, key)
    if (sealed === digest) continue
    await findings.add(sealed === undefined ? 'added' : 'changed', row.seq, { digest })
  }
  return { firstSeq, lastSeq, ...link }
}

const missingIn =
  (findings: Findings) =>
  (from: number, to: number): Promise<void> =>
    findings.add('missing', from, { to })

/**
 * Reports a changed seal, and a gap between it and the previous one. The digests of rows are keyed, too: even after a
 * finding here, a changed row cannot pass.
 */
const checkLink = async (
  { findings, key }: Walk,
  seal: AuditSeal,
  before: Before,
): Promise<Pick<Before, 'macs' | 'unchecked'>> => {
  const { firstSeq, lastSeq, digests, mac, cutMac } = seal
  const follows = { ...seal, firstSeq: before.lastSeq + 1 }
  const proves = (candidate: AuditSeal) =>
    before.macs.some((previous) => macOf(candidate, previous, key) === mac)
  if (cutMac !== null) await findings.add('cut_forged', follows.firstSeq, { to: lastSeq })
  if (proves(seal)) {
    if (before.unchecked && firstSeq !== follows.firstSeq)
      await findings.add('seal_changed', before.firstSeq, { to: before.lastSeq })
    return { macs: [mac] }
  }
  if (firstSeq > follows.firstSeq && !proves(follows)) {
    await findings.add('seal_missing', follows.firstSeq, { to: firstSeq - 1 })
    return { macs: [mac], unchecked: true }
  }
  if (cutMac === null || digests !== null) {
    await findings.add('seal_changed', follows.firstSeq, { to: lastSeq })
  }
  const computed = before.macs.map((previous) => macOf(follows, previous, key))
  return { macs: [mac, ...computed].slice(0, MAX_CANDIDATES) }
}

const countUnsealed = async ({ rows, findings }: Walk): Promise<number> => {
  let unsealed = 0
  for await (const _row of rows.upTo(Infinity, missingIn(findings))) unsealed++
  return unsealed
}

/** Finds rows inserted before the first row, or where retention has deleted rows. */
const findAddedBefore = async ({ store, findings, onStep }: Walk, cut: number): Promise<void> => {
  for await (const rows of readSteps(store)) {
    await onStep()
    for (const { seq } of rows) {
      if (seq > cut) return
      await findings.add('added', seq)
    }
  }
}

/** Finds a row inserted with a number beyond MAX_SAFE_INTEGER, which counting cannot reach. */
const findAddedBeyond = async ({ store, findings }: Walk): Promise<void> => {
  const page = { filter: {}, after: null, limit: 1, newestFirst: true }
  for (const row of (await store.listAuditEvents(page)).rows) {
    if (!isCounted(row)) await findings.add('added', row.seq)
  }
}

/** Turns a finding `changed` into `moved` if the row was sealed with another number. */
const recognizeMoved = async (walk: Walk): Promise<void> => {
  const { findings } = walk
  const changed = findings.list().filter(({ finding }) => finding === 'changed')
  if (changed.length === 0) return
  const sealedSeqs = new Map<string, number>()
  const changedDigests = new Set(changed.map(({ digest }) => digest))
  for await (const { digests } of seals(walk)) {
    for (const [seq, digest] of readDigests(digests) ?? []) {
      if (changedDigests.has(digest)) sealedSeqs.set(digest, seq)
    }
  }
  for (const found of changed) {
    const sealedAs = sealedSeqs.get(found.digest ?? '')
    if (sealedAs !== undefined) Object.assign(found, { finding: 'moved', sealedAs })
  }
}

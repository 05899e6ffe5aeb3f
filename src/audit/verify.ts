// Whether the audit table still is what was sealed: walks all seals, oldest first, and the rows beside them.
import { AUDIT_PAGE_SEALS } from '../constants.ts'
import { letOthersRun } from '../store/pause.ts'
import type { AuditSeal, Store } from '../store/store.ts'
import { type Finding, type Findings, createFindings } from './findings.ts'
import { type Reading, type Rows, createRows, isCounted, readSteps } from './rows.ts'
import { digestOf, isCut, macOf, readDigests } from './seals.ts'

export type AuditReport = {
  intact: boolean
  /** Rows that were compared with what was sealed. */
  checked: number
  /** The newest seal: keep its number and its MAC, and a later look shows whether it is still there. */
  sealedTo: number | null
  sealedAt: number | null
  sealedMac: string | null
  /** Rows that are newer than that. */
  unsealed: number
  /** How many there are; `findings` has the first of them. */
  found: number
  findings: Finding[]
}

/** Enough where a few seals side by side have been changed, each in its own way. */
const MAX_CANDIDATES = 4

/** What is known of the chain before a seal. */
type Before = {
  firstSeq: number
  lastSeq: number
  /** What its MAC may be: as it is stored and, where that has been changed, as it must be. */
  macs: (string | null)[]
  /** The seal before it is missing, so it could not be checked itself. */
  unchecked?: boolean
}

/** A seal that somebody has written down elsewhere, where who can write the database cannot. */
export type NotedSeal = { seq: number; mac: string }

type Check = {
  store: Store
  key: Uint8Array
  noted?: NotedSeal | undefined
  /** Called after each page that was read; ends the check where it throws. */
  onStep?: () => Promise<void>
}

type Walk = Reading & { key: Uint8Array; findings: Findings; rows: Rows; checked: number }

/** All the time new rows may be sealed and old ones cut: that is no finding. */
export const checkAudit = async ({
  store,
  key,
  noted,
  onStep = async () => {},
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
    rows: createRows({ store, onStep }),
  }
  let newest: AuditSeal | null = null
  let isThere = noted === undefined
  let before: Before = { firstSeq: 0, lastSeq: 0, macs: [null] }
  for await (const seal of seals(walk)) {
    before = await checkSeal(walk, seal, before)
    newest = seal
    if (seal.lastSeq === noted?.seq && seal.mac === noted.mac) isThere = true
  }
  if (!isThere && noted !== undefined) await walk.findings.add('seal_missing', noted.seq)
  const unsealed = await countUnsealed(walk)
  await findAddedBefore(walk, await cutTo())
  await findAddedBeyond(walk)
  await recogniseMoved(walk)
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
  // Up to here all rows are gone, and rightly so. What has been put in their place is looked for at the end.
  if (isCut(seal, key)) return { firstSeq, lastSeq, macs: [mac] }
  const link = await checkLink(walk, seal, before)
  const digests = readDigests(seal.digests)
  for await (const row of rows.upTo(lastSeq, missingIn(findings))) {
    if (row.seq < firstSeq || digests === null) continue // no seal says what it was
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
 * Reports what is wrong with the seal itself, or between it and the one before. The digests of rows need the
 * key, too: whatever is wrong here, a row that has been changed cannot pass.
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

/** What retention has cut stays empty, and so does what is before the first row. */
const findAddedBefore = async ({ store, findings, onStep }: Walk, cut: number): Promise<void> => {
  for await (const rows of readSteps(store)) {
    await onStep()
    for (const { seq } of rows) {
      if (seq > cut) return
      await findings.add('added', seq)
    }
  }
}

/** And so does what nobody has counted up to. */
const findAddedBeyond = async ({ store, findings }: Walk): Promise<void> => {
  const page = { filter: {}, after: null, limit: 1, newestFirst: true }
  for (const row of (await store.listAuditEvents(page)).rows) {
    if (!isCounted(row)) await findings.add('added', row.seq)
  }
}

/** A row that is not what was sealed in its place, but in another. */
const recogniseMoved = async (walk: Walk): Promise<void> => {
  const { findings } = walk
  const changed = findings.list().filter(({ finding }) => finding === 'changed')
  if (changed.length === 0) return
  const places = new Map<string, number>()
  const wanted = new Set(changed.map(({ digest }) => digest))
  for await (const { digests } of seals(walk)) {
    for (const [seq, digest] of readDigests(digests) ?? []) {
      if (wanted.has(digest)) places.set(digest, seq)
    }
  }
  for (const found of changed) {
    const sealedAs = places.get(found.digest ?? '')
    if (sealedAs !== undefined) Object.assign(found, { finding: 'moved', sealedAs })
  }
}

// What a seal is: keyed hashes that prove what the rows of the audit table were. Pure: no I/O.
// The key is derived from the key-encryption key, so whoever can only write the database cannot seal anew.
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import type { AuditRow, AuditSeal } from '../store/store.ts'

const KEY_BYTES = 32
/** 128 bits are enough where nobody can try without the key; a row's digest is kept for each row. */
const DIGEST_BYTES = 16

/** HKDF (RFC 5869) with SHA-256. */
export const sealingKey = (kek: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', kek, '', 'latchkey audit seal', KEY_BYTES))

/** The first member says what it is a hash of, so that none can stand for another. */
const keyed = (value: readonly unknown[], key: Uint8Array): Buffer =>
  createHmac('sha256', key).update(JSON.stringify(value)).digest()

/** Over every column but `seq`: a row that has been moved is recognised where it is found. */
export const digestOf = (row: AuditRow, key: Uint8Array): string => {
  const { createdAt, actor, action, target, outcome, reason, requestId, address, count } = row
  return keyed(
    ['event', createdAt, actor, action, target, outcome, reason, requestId, address, count],
    key,
  )
    .subarray(0, DIGEST_BYTES)
    .toString('base64url')
}

/** @param previousMac of the seal before it; null where it is the first */
export const macOf = (
  { firstSeq, lastSeq, createdAt, digests }: Omit<AuditSeal, 'mac' | 'cutMac'>,
  previousMac: string | null,
  key: Uint8Array,
): string => {
  const sealed = createHash('sha256').update(JSON.stringify(digests)).digest('base64url')
  return keyed(['seal', firstSeq, lastSeq, createdAt, previousMac, sealed], key).toString(
    'base64url',
  )
}

/** What retention leaves in the seal up to which it has cut: the rows are gone, and so are the digests. */
export const cutMacOf = (
  { firstSeq, lastSeq, createdAt, mac }: Omit<AuditSeal, 'digests' | 'cutMac'>,
  key: Uint8Array,
): string => keyed(['cut', firstSeq, lastSeq, createdAt, mac], key).toString('base64url')

/** True where retention has cut at this seal, and nobody else. */
export const isCut = (seal: AuditSeal, key: Uint8Array): boolean =>
  seal.cutMac !== null && seal.digests === null && seal.cutMac === cutMacOf(seal, key)

/**
 * The seal over these rows, which follow the seal before it. It begins where that one ends, so a row that was
 * taken away before it was sealed leaves a gap.
 */
export const sealOf = (
  rows: readonly [AuditRow, ...AuditRow[]],
  { previous, now, key }: { previous: AuditSeal | null; now: number; key: Uint8Array },
): Omit<AuditSeal, 'cutMac'> => {
  const seal = {
    firstSeq: (previous?.lastSeq ?? 0) + 1,
    lastSeq: rows.at(-1)?.seq ?? rows[0].seq,
    createdAt: now,
    digests: JSON.stringify(rows.map((row) => [row.seq, digestOf(row, key)])),
  }
  return { ...seal, mac: macOf(seal, previous?.mac ?? null, key) }
}

/** Digests by `seq`; null for what is no list of digests. */
export const readDigests = (text: string | null): Map<number, string> | null => {
  try {
    const entries: unknown = JSON.parse(text ?? '')
    return new Map(entries as [number, string][])
  } catch {
    return null
  }
}

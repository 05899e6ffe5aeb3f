// Seals: keyed hashes over the rows of the audit table. Pure: no I/O. The key is derived from the key-encryption key,
// so an attacker who can only write to the database cannot compute a seal.
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import type { AuditRow, AuditSeal } from '../store/store.ts'

const KEY_BYTES = 32
/** 128 bits are enough: without the key an attacker cannot test a guess. Each row's digest is stored, so size counts. */
const DIGEST_BYTES = 16

/** HKDF (RFC 5869) with SHA-256. */
export const sealingKey = (kek: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', kek, '', 'latchkey audit seal', KEY_BYTES))

/** Hashes a value. Its first member names the kind of hash, so that no hash can be used as one of another kind. */
const keyed = (value: readonly unknown[], key: Uint8Array): Buffer =>
  createHmac('sha256', key).update(JSON.stringify(value)).digest()

/** Digest over every column except `seq`, so that a moved row is recognized by its digest. */
export const digestOf = (row: AuditRow, key: Uint8Array): string => {
  const { createdAt, actor, action, target, outcome, reason, requestId, address, count } = row
  return keyed(
    ['event', createdAt, actor, action, target, outcome, reason, requestId, address, count],
    key,
  )
    .subarray(0, DIGEST_BYTES)
    .toString('base64url')
}

/** @param previousMac MAC of the previous seal; null for the first one */
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

/** MAC that retention leaves in a seal after it has deleted the rows and the digests. */
export const cutMacOf = (
  { firstSeq, lastSeq, createdAt, mac }: Omit<AuditSeal, 'digests' | 'cutMac'>,
  key: Uint8Array,
): string => keyed(['cut', firstSeq, lastSeq, createdAt, mac], key).toString('base64url')

/** True for a seal whose rows retention has deleted; an attacker cannot compute its MAC. */
export const isCut = (seal: AuditSeal, key: Uint8Array): boolean =>
  seal.cutMac !== null && seal.digests === null && seal.cutMac === cutMacOf(seal, key)

/**
 * Makes the seal over rows that follow the previous seal. It begins with the number after that one, so a row deleted
 * before it was sealed leaves a gap.
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

/** Parses digests by `seq`; null for a text that is no list of digests. */
export const readDigests = (text: string | null): Map<number, string> | null => {
  try {
    const entries: unknown = JSON.parse(text ?? '')
    return new Map(entries as [number, string][])
  } catch {
    return null
  }
}

// Ids and secrets that the server makes, and the comparison of secrets. All of them are of A-Z a-z 0-9 _ -, so that a
// client sends the same bytes whether or not it form-encodes Basic credentials (RFC 6749 §2.3.1).
import { createHash, timingSafeEqual } from 'node:crypto'
import { ID_BYTES, SECRET_BYTES, SUPPLY_BYTES } from './constants.ts'
import type { NewSecret } from './store/store.ts'

/** @returns that many random bytes from a cryptographic source */
export type RandomBytes = (length: number) => Uint8Array

/**
 * Hands out ids from a supply of random bytes, each byte once: Node needs 7 µs to make 16 bytes, and 12 µs for 4 KiB.
 * Secrets come from the source itself, so that no memory holds one before it is made.
 */
export const withSupplyForIds = (source: RandomBytes): RandomBytes => {
  let supply: Uint8Array = new Uint8Array(0)
  return (length) => {
    if (length > ID_BYTES) return source(length)
    if (supply.length < length) supply = source(SUPPLY_BYTES)
    const bytes = supply.subarray(0, length)
    supply = supply.subarray(length)
    return bytes
  }
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** True for the form of a client id. A text of this form is no secret. */
export const isClientId = (text: string): boolean => /^lkc_[\w-]{22}$/.test(text)

export const newClientId = (random: RandomBytes): string => `lkc_${base64url(random(ID_BYTES))}`

const newSecretId = (random: RandomBytes): string => `secret_${base64url(random(ID_BYTES))}`

export const newEnrollmentId = (random: RandomBytes): string =>
  `enrollment_${base64url(random(ID_BYTES))}`

/** A credential that is used once (RFC 7591 §3): shown once, stored as `hashSecret` of it. */
export const newEnrollmentToken = (random: RandomBytes): string =>
  `lke_${base64url(random(SECRET_BYTES))}`

/** The credential with which a client manages itself (RFC 7592 §3): shown once, stored as `hashSecret` of it. */
export const newRegistrationToken = (random: RandomBytes): string =>
  `lkr_${base64url(random(SECRET_BYTES))}`

/** A token id (RFC 7519 §4.1.7). */
export const newJti = (random: RandomBytes): string => base64url(random(ID_BYTES))

/** Makes the reference that tokens of a workspace carry, so that public rules do not contain its id. */
export const newWorkspaceRef = (random: RandomBytes): string => base64url(random(ID_BYTES))

/** The hash of a secret, which the server stores in its place. */
export const hashSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url')

/**
 * Makes a client secret. The server shows `text` once and stores `row`.
 * @param expiresAt seconds since the epoch, or null
 */
export const newClientSecret = (
  random: RandomBytes,
  { name = null, expiresAt = null }: { name?: string | null; expiresAt?: number | null } = {},
): { text: string; row: NewSecret } => {
  const text = `lks_${base64url(random(SECRET_BYTES))}`
  return {
    text,
    row: { id: newSecretId(random), name, hash: hashSecret(text), hint: text.slice(-4), expiresAt },
  }
}

/** Compares two strings of ASCII in a time that does not depend on where they differ. */
export const equalInConstantTime = (a: string, b: string): boolean => {
  const x = Buffer.from(a)
  const y = Buffer.from(b)
  return x.length === y.length && timingSafeEqual(x, y)
}

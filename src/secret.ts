// Ids and secrets that the server makes, and how a secret is compared. Only A-Z a-z 0-9 _ - in all of them,
// so that clients that do and do not form-encode Basic credentials (RFC 6749 §2.3.1) send the same bytes.
import { createHash, timingSafeEqual } from 'node:crypto'
import { ID_BYTES, SECRET_BYTES } from './constants.ts'
import type { NewSecret } from './store/store.ts'

/** @returns that many random bytes from a cryptographic source */
export type RandomBytes = (length: number) => Uint8Array

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** The form of every client id: what has it is no secret. */
export const isClientId = (text: string): boolean => /^lkc_[\w-]{22}$/.test(text)

export const newClientId = (random: RandomBytes): string => `lkc_${base64url(random(ID_BYTES))}`

export const newSecretId = (random: RandomBytes): string => `secret_${base64url(random(ID_BYTES))}`

export const newEnrollmentId = (random: RandomBytes): string =>
  `enrollment_${base64url(random(ID_BYTES))}`

/** A credential that is used once (RFC 7591 §3): shown once, stored as `hashSecret` of it. */
export const newEnrollmentToken = (random: RandomBytes): string =>
  `lke_${base64url(random(SECRET_BYTES))}`

/** What a client manages itself with (RFC 7592 §3): shown once, stored as `hashSecret` of it. */
export const newRegistrationToken = (random: RandomBytes): string =>
  `lkr_${base64url(random(SECRET_BYTES))}`

/** A token id (RFC 7519 §4.1.7). */
export const newJti = (random: RandomBytes): string => base64url(random(ID_BYTES))

/** Makes the reference that tokens of a workspace carry, so that rules over it name no id. */
export const newWorkspaceRef = (random: RandomBytes): string => base64url(random(ID_BYTES))

/** What is stored of a secret. */
export const hashSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url')

/**
 * A new client secret: `text` is shown once and forgotten, `row` is stored.
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

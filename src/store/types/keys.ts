// Signing keys.
import type { Algorithm } from '../../signing/algorithms.ts'
import type { Cause, NewAuditEvent } from './audit.ts'

export type KeyState = 'next' | 'active' | 'retiring' | 'revoked'

export type SigningKey = {
  kid: string
  algorithm: Algorithm
  state: KeyState
  publicJwk: Record<string, unknown>
  /** The private JWK under the key-encryption key (compact JWE); null for a key that signs no more. */
  privateJwe: string | null
  createdAt: number
  activatedAt: number | null
  /** Time at which it stopped signing. */
  retiredAt: number | null
  revokedAt: number | null
}

/** A key pair that takes the first free place of its algorithm: active, then next. It is dropped if neither is free. */
export type KeyCandidate = Pick<SigningKey, 'kid' | 'algorithm' | 'publicJwk'> & {
  privateJwe: string
}

/** Two kids of one algorithm: the active key that stops signing, and the next key that starts. */
export type Promotion = { from: string; to: string }

export interface KeyStore {
  findActiveKey(algorithm: Algorithm): Promise<SigningKey | null>
  /** A key whose signatures are valid: next, active, or retiring while tokens that it signed can be alive. */
  findPublishedKey(kid: string, now: number): Promise<SigningKey | null>
  listKeys(): Promise<SigningKey[]>
  /** Fills empty places, so that each algorithm has an active and a next key. */
  addKeys(candidates: KeyCandidate[], now: number): Promise<void>
  /**
   * Applies all promotions or none. An active key becomes retiring and loses its private half, its next key becomes
   * active, and candidates take the places that are then free.
   * @throws Conflict where a key is no longer in the state that its promotion expects
   */
  promoteKeys(promotions: Promotion[], candidates: KeyCandidate[], now: number): Promise<void>
  /**
   * Deletes the retiring keys whose time was over at this settled time, and writes this event for each, with the kid as
   * target. When several processes call it at once, one of them deletes.
   */
  removeRetiredKeys(
    event: Omit<NewAuditEvent, 'target'>,
    settled: number,
    now: number,
  ): Promise<void>
  /**
   * Revokes these keys for good and fills the places that they leave: a next key becomes active, and candidates take
   * the places that are then free. `all` revokes every key of that moment.
   *
   * `signWithNew` makes a candidate active instead, in the algorithms of these keys. A key that was active there
   * becomes retiring, and the next key stays next. This works for a key that has been revoked before, too.
   */
  revokeKeys(
    kids: string[] | 'all',
    candidates: KeyCandidate[],
    now: number,
    options?: { signWithNew?: boolean; cause?: Cause },
  ): Promise<void>
}
